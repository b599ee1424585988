"""Chunks that are taken back: their rows and receipts go, and nobody brings them back."""

import pytest

from sterna_core.errors import Fenced, Terminal
from sterna_core.tasks.table import PageRange, TableSpec
from sterna_core.tasks.undo_work import UndoRows
from sterna_executor.databases.postgresql import bookkeeping
from sterna_executor.databases.postgresql.snapshot import HeldSnapshot
from sterna_executor.databases.postgresql.undo_rows import RowsUndone, undo_rows
from support.tasks import granted
from support.transfer.moving import Moving

ROWS = 3_000
PAGES = 5


async def words(moving: Moving) -> TableSpec:
    await moving.both("create table public.words (id int primary key, word text)")
    await moving.on(
        "source",
        f"insert into public.words select n, 'word ' || n from generate_series(1, {ROWS}) n",
    )
    return await moving.table("words", key=("id",))


def pages(number: int) -> PageRange:
    return PageRange(number * PAGES, (number + 1) * PAGES if number < 2 else None)


async def copied(moving: Moving, table: TableSpec, snapshot: HeldSnapshot, number: int) -> int:
    work = moving.chunk(table, snapshot, pages(number), number)
    return (await moving.copy(moving.assignment(f"tsk_chunk_{number}"), work)).rows


async def image(moving: Moving) -> list[tuple[object, ...]]:
    rows = await moving.ask(
        "target",
        "select id, word from public.words union all"
        " select -1 - chunk, task_id from _sterna.receipts where kind = 'copy_chunk' order by 1",
    )
    return [tuple(row) for row in rows]


async def undone(moving: Moving, work: UndoRows, *, task_id: str = "tsk_undo") -> RowsUndone:
    return await undo_rows(moving.assignment(task_id, epoch=1), work)


async def fence(moving: Moving) -> None:
    async with moving.target.session() as target:
        await bookkeeping.raise_fence(target, moving.migration_id, 1, granted)


async def test_a_table_is_what_it_was_when_its_later_chunks_are_taken_back(moving: Moving) -> None:
    table = await words(moving)
    async with moving.snapshot() as snapshot:
        first = await copied(moving, table, snapshot, 0)
        third = await copied(moving, table, snapshot, 2)
        then = await image(moving)
        second = await copied(moving, table, snapshot, 1)
        assert first + second + third == ROWS
        await fence(moving)

        work = UndoRows(table=table, below=3, but=(1,))
        done = await undone(moving, work)

        assert (done.rows_removed, done.rows) == (second, first + third)
        assert await image(moving) == then
        again = await undone(moving, work)
        assert (again.rows_removed, again.rows) == (second, first + third)
        with pytest.raises(Fenced):
            await copied(moving, table, snapshot, 1)
        assert await image(moving) == then


async def test_a_late_attempt_to_take_rows_back_does_nothing_when_they_are_there_again(
    moving: Moving,
) -> None:
    table = await words(moving)
    async with moving.snapshot() as snapshot:
        await copied(moving, table, snapshot, 0)
        await fence(moving)
        work = UndoRows(table=table)
        await undone(moving, work)
        chunk = moving.chunk(table, snapshot, pages(0), 0)
        await moving.copy(moving.assignment("tsk_again", epoch=1), chunk)
        then = await image(moving)

        await undone(moving, work)

        assert await image(moving) == then


async def test_rows_that_were_copied_around_a_refused_one_are_taken_back_too(
    moving: Moving,
) -> None:
    table = await words(moving)
    await moving.on("target", "alter table public.words add check (word <> 'word 2000')")
    async with moving.snapshot() as snapshot:
        await copied(moving, table, snapshot, 0)
        then = await image(moving)
        await copied(moving, table, snapshot, 1)
        await copied(moving, table, snapshot, 2)
        assert await moving.value("target", "select count(*) from _sterna.set_aside") == 1
        await fence(moving)

        await undone(moving, UndoRows(table=table, below=1))

    assert await image(moving) == then
    assert await moving.value("target", "select count(*) from _sterna.set_aside") == 0


async def test_a_table_that_somebody_has_changed_is_not_taken_back_in_part(moving: Moving) -> None:
    table = await words(moving)
    async with moving.snapshot() as snapshot:
        await copied(moving, table, snapshot, 0)
        await copied(moving, table, snapshot, 1)
        await moving.on("target", "update public.words set word = 'theirs' where id = 1500")
        then = await image(moving)
        await fence(moving)

        with pytest.raises(Terminal) as failure:
            await undone(moving, UndoRows(table=table, below=1))
        assert failure.value.code == "rollback_failed"
        assert await image(moving) == then

        await undone(moving, UndoRows(table=table), task_id="tsk_whole")
    assert await image(moving) == []


async def test_a_table_that_others_refer_to_is_not_taken_from_under_their_rows(
    moving: Moving,
) -> None:
    table = await words(moving)
    async with moving.snapshot() as snapshot:
        await copied(moving, table, snapshot, 0)
    await moving.on(
        "target",
        "create table public.theirs (word int references public.words)",
        "insert into public.theirs values (1)",
    )
    then = await image(moving)
    await fence(moving)

    with pytest.raises(Terminal) as failure:
        await undone(moving, UndoRows(table=table))
    assert failure.value.code == "rollback_failed"
    assert await image(moving) == then

    await moving.on("target", "truncate public.theirs")
    assert (await undone(moving, UndoRows(table=table))).rows == 0
    assert await image(moving) == []
