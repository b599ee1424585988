"""Refused rows that get another value, as somebody decides."""

import pytest

from sterna_core.migration import commands as cmd
from sterna_core.migration import error_events as ee
from sterna_core.migration import events as ev
from sterna_core.migration import state as stages
from sterna_core.migration.error_events import Resolution
from sterna_core.migration.replacement import (
    AnyReplacement,
    ColumnDefault,
    FixedValue,
    Transformed,
)
from support.migration.executors import ANOTHER
from support.migration.refusing import awaiting, decide, errors, happened, rest, started, table_of
from support.migration.scenario import MIGRATION_ID


@pytest.mark.parametrize(
    ("resolution", "replacement"),
    [
        ("default", ColumnDefault(column="id")),
        ("default", FixedValue(column="id", text=None)),
        ("transform", Transformed(column="id", expression="id + 1")),
    ],
)
def test_rows_that_get_another_value_are_compared_with_it_and_the_end_says_so(
    resolution: Resolution, replacement: AnyReplacement
) -> None:
    decider, world = started()
    world.refused["public.a"] = {1, 3}

    error_id = awaiting(decider, world)
    assert decide(decider, error_id, resolution, replacement) is None
    state = rest(decider, world)

    assert isinstance(state, stages.Completed)
    assert world.target["public.a"] == {0: 0, 1: ANOTHER, 2: 0, 3: ANOTHER}
    (last,) = happened(decider, ev.MigrationCompleted)
    assert (last.skipped_rows, last.replaced_errors, last.replaced_rows) == (0, 1, 2)
    (resolved,) = happened(decider, ee.ErrorResolved)
    assert (resolved.error_id, resolved.resolution) == (error_id, resolution)
    compared = happened(decider, ev.TableCompared)[-1]
    assert (compared.differing_buckets, compared.rows_replaced) == (0, 2)


def test_rows_that_take_no_other_value_wait_again_and_can_be_left_out() -> None:
    decider, world = started()
    world.refused["public.a"] = {1, 3}
    world.irreplaceable = {3}

    error_id = awaiting(decider, world)
    decide(decider, error_id, "default", ColumnDefault(column="id"))
    assert awaiting(decider, world) == error_id
    assert decide(decider, error_id, "skip") is None

    assert isinstance(rest(decider, world), stages.Completed)
    (last,) = happened(decider, ev.MigrationCompleted)
    assert (last.skipped_rows, last.replaced_rows) == (1, 1)


def test_an_expression_that_fails_on_the_rows_is_refused_and_they_wait_again() -> None:
    decider, world = started()
    world.refused["public.a"] = {1}

    error_id = awaiting(decider, world)
    decide(decider, error_id, "transform", Transformed(column="id", expression="id / 0"))

    assert awaiting(decider, world) == error_id
    (retried,) = happened(decider, ee.ErrorRetried)
    assert (retried.code, retried.rows_left) == ("values_do_not_fit", 1)
    assert retried.refusal == "all rows tried fail: a division by zero"


def test_another_value_stays_decided_under_another_snapshot() -> None:
    decider, world = started()
    world.refused = {"public.a": {1}, "public.b": {2}}
    rest(decider, world)
    first, second = sorted(errors(decider), key=lambda each: table_of(decider, each))
    decide(decider, first, "default", ColumnDefault(column="id"))
    rest(decider, world)
    assert errors(decider) == {first: "resolved", second: "open"}

    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    rest(decider, world)

    assert errors(decider) == {first: "resolved", second: "open"}
    decide(decider, second, "skip")
    assert isinstance(rest(decider, world), stages.Completed)
    assert world.target["public.a"][1] == ANOTHER
    (last,) = happened(decider, ev.MigrationCompleted)
    assert (last.skipped_rows, last.replaced_rows) == (1, 1)


def test_a_row_that_was_put_right_on_the_source_has_its_own_value_again() -> None:
    decider, world = started()
    world.refused = {"public.a": {1}, "public.b": {2}}
    rest(decider, world)
    first, second = sorted(errors(decider), key=lambda each: table_of(decider, each))
    decide(decider, first, "default", ColumnDefault(column="id"))
    rest(decider, world)

    world.write("public.a", 1)
    world.refused["public.a"] = set()
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    rest(decider, world)
    decide(decider, second, "skip")

    assert isinstance(rest(decider, world), stages.Completed)
    assert world.target["public.a"] == world.source["public.a"]
    (last,) = happened(decider, ev.MigrationCompleted)
    assert last.replaced_rows == 0


@pytest.mark.parametrize(
    ("resolution", "replacement", "code"),
    [
        ("default", None, "replacement_missing"),
        ("default", Transformed(column="id", expression="1"), "replacement_missing"),
        ("transform", ColumnDefault(column="id"), "replacement_missing"),
        ("default", ColumnDefault(column=""), "column_needed"),
        ("default", ColumnDefault(column="nothing"), "column_unknown"),
    ],
)
def test_another_value_that_cannot_be_meant_is_refused(
    resolution: Resolution, replacement: AnyReplacement | None, code: str
) -> None:
    decider, world = started()
    world.refused["public.a"] = {1}

    assert decide(decider, awaiting(decider, world), resolution, replacement) == code
