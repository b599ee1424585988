"""The kinds of validation: what is gone through, what fails, what is skipped."""

from typing import Any

import msgspec
import pytest

from sterna_core.journal.local import LocalDecider
from sterna_core.migration import commands as cmd
from sterna_core.migration import events as ev
from sterna_core.migration import state as stages
from sterna_core.migration import validation_events as vev
from sterna_core.migration.certify import certifying
from sterna_core.migration.fold_view import fold_view
from sterna_core.migration.validation_commands import SkipValidation
from sterna_core.migration.validation_options import ValidationOptions
from sterna_core.migration.validation_parts import table_groups
from sterna_core.migration.view import MigrationView
from sterna_core.tasks.validation_work import ValidateReferences
from support.certificate.made import KEY
from support.migration.executors import World, outstanding
from support.migration.journey import approved, carry_on, events_of
from support.migration.scenario import MIGRATION_ID, create, table

EVERYTHING = {
    "statistical": {"enabled": True},
    "semantic": {"rules": [{"name": "r", "table": "public.a", "expression": "id > 0"}]},
    "behavioral": {"queries": [{"name": "q", "query": "select count(*) from public.a"}]},
}


def begun(**options: Any) -> tuple[LocalDecider, World]:
    decider = LocalDecider([certifying(KEY)])
    validation = msgspec.convert(options, ValidationOptions)
    world = approved(decider, create(validation=validation))
    decider.send(MIGRATION_ID, cmd.StartMigration())
    return decider, world


def checked(decider: LocalDecider) -> list[str]:
    return [each.kind for each in events_of(decider) if isinstance(each, vev.ValidationChecked)]


def issued(decider: LocalDecider) -> list[ev.CertificateIssued]:
    return [each for each in events_of(decider) if isinstance(each, ev.CertificateIssued)]


def view_of(decider: LocalDecider) -> MigrationView:
    view = None
    for event in events_of(decider):
        view = fold_view(view, event)
    assert view is not None
    return view


def test_structure_and_references_are_checked_unless_somebody_says_otherwise() -> None:
    decider, world = begun()
    carry_on(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert checked(decider) == ["structural", "referential", "structural"]
    kinds = {each.kind: each.status for each in issued(decider)[0].statement.kinds}
    assert kinds == {
        "structural": "passed",
        "statistical": "passed",
        "referential": "passed",
        "semantic": "not_requested",
        "behavioral": "not_requested",
        "content": "passed",
    }


def test_every_kind_is_gone_through_in_order_where_it_is_wanted() -> None:
    decider, world = begun(**EVERYTHING)
    carry_on(decider, world)

    assert world.validated == [
        "structure",
        "statistics",
        "references",
        "rules",
        "query",
        "structure",
    ]
    assert [each.status for each in issued(decider)[0].statement.kinds] == ["passed"] * 6


@pytest.mark.parametrize("kind", ["structure", "statistics", "references", "rules", "query"])
def test_what_fails_stops_the_migration_until_it_is_put_right_and_is_checked_again(
    kind: str,
) -> None:
    decider, world = begun(**EVERYTHING)
    world.wrong = {kind}
    carry_on(decider, world)

    state = decider.state(MIGRATION_ID)
    assert isinstance(state, stages.Failed)
    assert state.code == "validation_failed"
    world.wrong = set()
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    carry_on(decider, world)
    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.validated.count(kind) >= 2
    assert issued(decider)


@pytest.mark.parametrize("kind", ["semantic", "referential"])
def test_what_is_only_flagged_goes_on_and_is_not_certified(kind: str) -> None:
    told = msgspec.to_builtins(msgspec.convert(EVERYTHING, ValidationOptions))
    told[kind]["on_failure"] = "flag_and_continue"
    decider, world = begun(**told)
    world.wrong = {"rules", "references"} & {
        {"semantic": "rules", "referential": "references"}[kind]
    }
    carry_on(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert not issued(decider)
    view = view_of(decider)
    assert view.why_no_certificate[0] == "validation_not_passed"
    assert view.validation.status_of(kind, view.about) == "flagged"  # type: ignore[arg-type]


def test_what_is_skipped_is_not_gone_through_and_nothing_is_certified() -> None:
    decider, world = begun(**EVERYTHING)
    outcome = decider.send(MIGRATION_ID, SkipValidation(reason="no time"))
    assert outcome is not None
    assert outcome.rejected is None
    carry_on(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert world.validated == ["structure", "structure"]
    assert not issued(decider)
    assert view_of(decider).why_no_certificate[0] == "validation_skipped"


def test_a_failed_kind_can_be_skipped_and_the_migration_resumed() -> None:
    decider, world = begun()
    world.wrong = {"references"}
    carry_on(decider, world)
    assert isinstance(decider.state(MIGRATION_ID), stages.Failed)

    decider.send(MIGRATION_ID, SkipValidation(reason="known", kinds=("referential",)))
    decider.send(MIGRATION_ID, cmd.ResumeMigration())
    carry_on(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert not issued(decider)


def test_what_is_at_work_is_withdrawn_when_it_is_skipped() -> None:
    decider, world = begun()
    while not any(
        isinstance(task.work, ValidateReferences) for task in outstanding(decider, MIGRATION_ID)
    ):
        for each in world.carry_out(outstanding(decider, MIGRATION_ID)[0]):
            decider.send(MIGRATION_ID, each, actor="executor:1", expect_outcome=False)

    decider.send(MIGRATION_ID, SkipValidation(reason="no time"))

    assert not any(
        isinstance(task.work, ValidateReferences) for task in outstanding(decider, MIGRATION_ID)
    )
    assert any(isinstance(each, ev.TaskWithdrawn) for each in events_of(decider))


@pytest.mark.parametrize("kind", ["structural", "content"])
def test_structure_and_contents_cannot_be_skipped(kind: Any) -> None:
    decider, _ = begun()
    outcome = decider.send(MIGRATION_ID, SkipValidation(reason="no time", kinds=(kind,)))

    assert outcome is not None
    assert outcome.rejected is not None
    assert outcome.rejected.code == "validation_required"


def test_nothing_can_be_skipped_at_the_end_and_skipping_twice_changes_nothing() -> None:
    decider, world = begun()
    decider.send(MIGRATION_ID, SkipValidation(reason="no time"))
    before = len(events_of(decider))
    again = decider.send(MIGRATION_ID, SkipValidation(reason="again"))
    assert again is not None
    assert again.rejected is None
    assert len(events_of(decider)) == before
    carry_on(decider, world)

    refused = decider.send(MIGRATION_ID, SkipValidation(reason="too late"))
    assert refused is not None
    assert refused.rejected is not None
    assert refused.rejected.code == "invalid_state"


def test_a_switched_off_default_is_not_certified() -> None:
    decider, world = begun(structural={"enabled": False})
    carry_on(decider, world)

    assert isinstance(decider.state(MIGRATION_ID), stages.Completed)
    assert not issued(decider)
    assert view_of(decider).why_no_certificate[0] == "validation_skipped"


def test_small_tables_share_a_task_and_large_ones_have_their_own() -> None:
    decider, _ = begun()
    plan = decider.state(MIGRATION_ID).plan
    tables = {f"public.t{n:03}": table(f"t{n:03}", rows=1) for n in range(450)}
    tables["public.big"] = msgspec.structs.replace(table("big"), bytes=2**40)

    groups = table_groups(msgspec.structs.replace(plan, tables=tables))

    assert sorted(each.table_id for group in groups for each in group) == sorted(tables)
    assert max(len(group) for group in groups) == 200
    assert ["public.big"] in [[each.table_id for each in group] for group in groups]
