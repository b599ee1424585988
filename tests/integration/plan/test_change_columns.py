"""The plan says by which column each table is brought up to date, and why."""

import pytest

from sterna_core.errors import Misconfigured
from sterna_core.migration.incremental import IncrementalOptions, TableSync
from support.plan.sides import Sides

TABLES = """
create table good (id int primary key, updated_at timestamptz not null);
create index on good (updated_at desc);
create table empty_moments (id int primary key, modified_at timestamp);
create index on empty_moments (modified_at);
create table slow (id int primary key, "Updated_At" timestamptz(3) not null);
create table days (id int primary key, updated date not null);
create table keyless (updated_at timestamptz not null);
create table plain (id int primary key, words text);
create table part (id int, at date, updated_at timestamptz not null, primary key (id, at))
    partition by range (at);
create table part_1 partition of part for values from ('2025-01-01') to ('2026-01-01');
create index on part (updated_at);
"""


async def strategies(sides: Sides, **options: object) -> dict[str, TableSync]:
    await sides.source.execute(TABLES)
    chosen = IncrementalOptions(**options)  # type: ignore[arg-type]
    plan = await sides.plan(mode="incremental", incremental=chosen)
    return {table.source_table: table.sync for table in plan.tables if table.sync is not None}


async def test_a_column_that_says_when_a_row_was_written_is_found_by_its_name(sides: Sides):
    found = await strategies(sides)

    assert (found["good"].strategy, found["good"].change_column) == ("changes", "updated_at")
    reasons = {name: each.reason for name, each in found.items() if each.strategy == "comparison"}
    assert reasons == {
        "empty_moments": "modified_at may be null",
        "slow": "Updated_At has no index",
        "days": "updated is of type date",
        "keyless": "it has no key by which a changed row could be found",
        "plain": "no column says when a row was written",
        "part_1": "it is a partition: a row may move to another one",
    }


async def test_a_column_that_is_named_is_taken_and_nothing_is_looked_for_where_that_is_unset(
    sides: Sides,
):
    named = {"public.slow": "Updated_At", "public.empty_moments": "modified_at"}

    found = await strategies(sides, change_columns=named, find_change_columns=False)

    assert found["slow"].change_column == "Updated_At"
    assert "every pass reads the whole table" in found["slow"].reason
    assert found["empty_moments"].strategy == "changes"
    assert found["good"] == TableSync(reason="no change column was named")


async def test_columns_that_cannot_say_it_are_refused_all_at_once(sides: Sides):
    named = {
        "public.days": "updated",
        "public.plain": "updated_at",
        "public.keyless": "updated_at",
        "public.nowhere": "updated_at",
    }

    with pytest.raises(Misconfigured) as refused:
        await strategies(sides, change_columns=named)

    assert len(refused.value.details["problems"]) == 4


async def test_other_modes_plan_no_passes(sides: Sides):
    await sides.source.execute(TABLES)
    plan = await sides.plan()
    assert all(table.sync is None for table in plan.tables)
