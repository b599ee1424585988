"""Rows that were written lately replace what the target has of them."""

import pytest

from sterna_core.errors import DataRejected, Fenced
from sterna_core.tasks.table import TableSpec
from support.transfer.moving import Moving

OLD = "2025-01-01 00:00:00+00"
TABLE = """
create type public.mood as enum ('calm', 'keen');
create table public.t (
    id int generated always as identity primary key, email text unique, note json,
    mood public.mood, padded char(40), twice int generated always as (length(email) * 2) stored,
    updated_at timestamptz not null);
create index on public.t (updated_at);
"""


async def people(moving: Moving, count: int = 100) -> TableSpec:
    await moving.both(TABLE)
    await moving.both(
        "insert into public.t (email, note, mood, padded, updated_at)"
        f" select 'e' || n, '{{}}', 'calm', 'p', '{OLD}' from generate_series(1, {count}) n"
    )
    return await moving.table("t", key=("id",))


async def write(moving: Moving, what: str, where: str) -> None:
    await moving.on(
        "source", f"update public.t set {what}, updated_at = clock_timestamp() where {where}"
    )


async def test_only_rows_that_were_written_since_are_changed(moving: Moving) -> None:
    table = await people(moving)
    await write(moving, "mood = 'keen', padded = 'longer'", "id in (3, 50)")
    await moving.on(
        "source",
        "insert into public.t (email, updated_at) values ('new', clock_timestamp())",
    )
    kept = await moving.ask("target", "select ctid from public.t where id = 7")

    async with moving.snapshot() as snapshot:
        done = await moving.changes(table, snapshot, since=OLD, overlap_seconds=0)

    assert (done.rows_removed, done.rows_written) == (2, 3)
    assert await moving.same(table)
    assert await moving.ask("target", "select ctid from public.t where id = 7") == kept
    latest = await moving.value("source", "select max(updated_at)::text from public.t")
    assert done.high_water is not None
    assert str(latest)[:19] == done.high_water[:19]


async def test_rows_that_are_equal_on_both_sides_are_left_alone(moving: Moving) -> None:
    table = await people(moving)
    kept = await moving.ask("target", "select ctid from public.t order by id")

    async with moving.snapshot() as snapshot:
        done = await moving.changes(table, snapshot)

    assert (done.rows_read, done.rows_removed, done.rows_written) == (100, 0, 0)
    assert await moving.ask("target", "select ctid from public.t order by id") == kept


async def test_without_a_known_moment_the_rows_of_the_target_say_it(moving: Moving) -> None:
    table = await people(moving)
    await moving.on("target", "delete from public.t where id = 5")
    await write(moving, "mood = 'keen'", "id = 9")
    await moving.on("source", "update public.t set updated_at = '2024-01-01' where id = 5")
    await moving.both("update public.t set updated_at = '2024-06-01' where id < 9")

    async with moving.snapshot() as snapshot:
        done = await moving.changes(table, snapshot)
        assert done.rows_read == 92
        again = await moving.changes(
            table, snapshot, since=done.high_water, pass_number=2, generation=2
        )
        assert again.rows_read == 1
        wide = await moving.changes(
            table,
            snapshot,
            since=done.high_water,
            overlap_seconds=86_400,
            pass_number=3,
            generation=3,
        )
    assert wide.rows_read == 1


async def test_a_moment_in_the_future_does_not_hide_what_is_written_after(moving: Moving) -> None:
    table = await people(moving)
    await moving.on("source", "update public.t set updated_at = '2999-01-01' where id = 1")
    async with moving.snapshot() as snapshot:
        first = await moving.changes(table, snapshot, since=OLD)
    assert first.high_water is not None
    assert first.high_water.startswith("2025-01-01")
    await write(moving, "mood = 'keen'", "id = 2")
    async with moving.snapshot() as snapshot:
        await moving.changes(table, snapshot, since=first.high_water, pass_number=2, generation=2)
    assert await moving.same(table)


async def test_unique_values_may_go_from_one_changed_row_to_another(moving: Moving) -> None:
    table = await people(moving)
    await write(moving, "email = 'x'", "id = 1")
    await write(moving, "email = 'e1'", "id = 2")
    await write(moving, "email = 'e2'", "id = 1")

    async with moving.snapshot() as snapshot:
        await moving.changes(table, snapshot, since=OLD)

    assert await moving.same(table)


async def test_what_the_target_does_not_take_changes_nothing(moving: Moving) -> None:
    table = await people(moving)
    await moving.on("source", "delete from public.t where id = 1")
    await write(moving, "email = 'e1'", "id = 2")
    before = await moving.rows("target", table)

    async with moving.snapshot() as snapshot:
        with pytest.raises(DataRejected):
            await moving.changes(table, snapshot, since=OLD)

    assert await moving.rows("target", table) == before
    assert await moving.receipts() == 0


async def test_a_repeat_changes_nothing_and_gives_the_same_figures(moving: Moving) -> None:
    table = await people(moving)
    await write(moving, "mood = 'keen'", "id < 10")
    async with moving.snapshot() as snapshot:
        first = await moving.changes(table, snapshot, since=OLD, task_id="tsk_once")
        await moving.on("target", "update public.t set mood = 'calm' where id = 3")
        again = await moving.changes(table, snapshot, since=OLD, task_id="tsk_once")

    assert again == first
    assert first.rows_written == 9
    assert not await moving.same(table)


async def test_a_late_pass_is_shut_out_by_a_later_one_and_leaves_no_receipt(
    moving: Moving,
) -> None:
    table = await people(moving)
    async with moving.snapshot() as snapshot:
        await moving.changes(table, snapshot, since=OLD, pass_number=1, generation=1)
        await write(moving, "mood = 'keen'", "id = 1")
        async with moving.snapshot() as later:
            await moving.changes(table, later, since=OLD, pass_number=2, generation=2)
        assert await moving.receipts() == 1

        with pytest.raises(Fenced):
            await moving.changes(table, snapshot, since=OLD, pass_number=1, generation=1)

    assert await moving.same(table)
    assert await moving.receipts() == 1


async def test_moments_without_a_time_zone_are_read_as_they_are_written(moving: Moving) -> None:
    await moving.both(
        "create table public.u (id int primary key, n int, changed timestamp not null)"
    )
    await moving.both(
        "insert into public.u select n, 0, timestamp '2025-01-01' from generate_series(1, 9) n"
    )
    await moving.on(
        "source", "update public.u set n = 1, changed = '2025-02-03 04:05' where id = 3"
    )
    table = await moving.table("u", key=("id",), copy_format="text")

    async with moving.snapshot() as snapshot:
        done = await moving.changes(table, snapshot, column="changed")
        again = await moving.changes(
            table, snapshot, column="changed", since=done.high_water, pass_number=2, generation=2
        )

    assert done.high_water == "2025-02-03 04:05:00"
    assert again.rows_read == 1
    assert await moving.same(table)
