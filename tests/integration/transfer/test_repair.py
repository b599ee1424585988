import asyncio

import pytest

from sterna_core.errors import Fenced
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql import bookkeeping
from support.tasks import granted
from support.transfer.moving import Moving

BITS = 8


async def words(moving: Moving, key: tuple[str, ...] = ("id",), count: int = 3000) -> TableSpec:
    await moving.both("create table public.words (id int, word text)")
    await moving.both(
        f"insert into public.words select n, 'word ' || n from generate_series(1, {count}) n"
    )
    return await moving.table("words", key=key)


@pytest.mark.parametrize("key", [(), ("id",)])
@pytest.mark.parametrize("fine_above_rows", [0, 1_000_000])
async def test_only_rows_that_differ_are_changed(
    moving: Moving, key: tuple[str, ...], fine_above_rows: int
) -> None:
    table = await words(moving, key)
    await moving.on(
        "target",
        "update public.words set word = 'changed' where id in (5, 50, 500)",
        "delete from public.words where id between 100 and 110",
        "insert into public.words values (0, 'extra'), (-1, 'extra')",
    )
    kept = await moving.ask("target", "select ctid, id from public.words where id = 2000")
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot, bits=BITS)
        mended = await moving.repair(table, snapshot, bits=BITS, fine_above_rows=fine_above_rows)
        again = await moving.compare(table, snapshot, bits=BITS, pass_number=2)
    assert (mended.rows_deleted, mended.rows_copied) == (5, 14)
    assert again.differing_buckets == 0
    assert await moving.same(table)
    assert await moving.ask("target", "select ctid, id from public.words where id = 2000") == kept


async def test_duplicates_are_kept_as_often_as_the_source_has_them(moving: Moving) -> None:
    await moving.both("create table public.again (word text)")
    await moving.on(
        "source",
        "insert into public.again select 'a' from generate_series(1, 5)",
        "insert into public.again select 'b' from generate_series(1, 2)",
        "insert into public.again values ('c')",
    )
    await moving.on(
        "target",
        "insert into public.again select 'a' from generate_series(1, 2)",
        "insert into public.again select 'b' from generate_series(1, 7)",
        "insert into public.again values ('c')",
    )
    table = await moving.table("again")
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot)
        mended = await moving.repair(table, snapshot)
    assert (mended.rows_deleted, mended.rows_copied) == (5, 3)
    assert await moving.same(table)


async def test_unique_values_may_change_places_under_their_index(moving: Moving) -> None:
    table = await words(moving)
    await moving.both("create unique index on public.words (word)")
    await moving.on("target", "alter table public.words add primary key (id)")
    await moving.on(
        "source",
        "begin; update public.words set word = 'x' where id = 1;"
        " update public.words set word = 'word 1' where id = 2;"
        " update public.words set word = 'word 2' where id = 1; commit",
    )
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot, bits=BITS)
        mended = await moving.repair(table, snapshot, bits=BITS)
    assert (mended.rows_deleted, mended.rows_copied) == (2, 2)
    assert await moving.same(table)


async def test_an_equal_table_is_left_alone(moving: Moving) -> None:
    table = await words(moving)
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot, bits=BITS)
        mended = await moving.repair(table, snapshot, bits=BITS)
    assert (mended.rows_deleted, mended.rows_copied, mended.repeated) == (0, 0, False)


@pytest.mark.parametrize("key", [(), ("id",)])
async def test_without_a_comparison_under_this_snapshot_the_whole_table_is_looked_at(
    moving: Moving, key: tuple[str, ...]
) -> None:
    table = await words(moving, key)
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot, bits=BITS)
    await moving.on("source", "update public.words set word = 'later' where id < 4")
    async with moving.snapshot() as snapshot:
        mended = await moving.repair(table, snapshot, bits=BITS, generation=2)
    assert (mended.rows_deleted, mended.rows_copied) == (3, 3)
    assert await moving.same(table)


async def test_an_empty_target_is_filled_and_an_emptied_source_empties_it(
    moving: Moving,
) -> None:
    table = await words(moving)
    await moving.on("target", "delete from public.words")
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot)
        mended = await moving.repair(table, snapshot)
    assert (mended.rows_deleted, mended.rows_copied) == (0, 3000)
    await moving.on("source", "delete from public.words")
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot, pass_number=2)
        mended = await moving.repair(table, snapshot, pass_number=2)
    assert (mended.rows_deleted, mended.rows_copied) == (3000, 0)
    assert await moving.same(table)


async def test_more_rows_than_one_list_holds_are_mended(moving: Moving) -> None:
    table = await words(moving, count=50_000)
    await moving.on("target", "update public.words set word = 'x'")
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot)
        mended = await moving.repair(table, snapshot)
    assert (mended.rows_deleted, mended.rows_copied) == (50_000, 50_000)
    assert await moving.same(table)


async def test_several_executors_at_once_repair_once(moving: Moving) -> None:
    table = await words(moving)
    await moving.on("target", "update public.words set word = 'x' where id < 100")
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot)
        mended = await asyncio.gather(
            *(moving.repair(table, snapshot, task_id="tsk_r") for _ in range(3)),
            return_exceptions=True,
        )
        done = [each for each in mended if not isinstance(each, BaseException)]
        again = await moving.repair(table, snapshot, task_id="tsk_r")
    assert [each.repeated for each in done].count(False) == 1
    assert {(each.rows_deleted, each.rows_copied) for each in [*done, again]} == {(99, 99)}
    assert again.repeated
    assert await moving.same(table)


async def test_after_the_fence_was_raised_nothing_is_repaired(moving: Moving) -> None:
    table = await words(moving)
    await moving.on("target", "delete from public.words where id = 1")
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot)
        async with moving.target.session() as target:
            await bookkeeping.raise_fence(target, moving.migration_id, 1, granted)
        with pytest.raises(Fenced):
            await moving.repair(table, snapshot)
    assert not await moving.same(table)


async def test_a_leaf_of_a_partitioned_table_is_mended_by_itself(moving: Moving) -> None:
    await moving.both(
        "create table public.parts (id int, word text) partition by range (id)",
        "create table public.low partition of public.parts for values from (0) to (100)",
        "create table public.high partition of public.parts for values from (100) to (200)",
        "insert into public.parts select n, 'word' from generate_series(0, 199) n",
    )
    await moving.on("target", "update public.parts set word = 'x' where id in (1, 101)")
    table = await moving.table("low", key=("id",))
    async with moving.snapshot() as snapshot:
        await moving.compare(table, snapshot)
        mended = await moving.repair(table, snapshot)
    assert (mended.rows_deleted, mended.rows_copied) == (1, 1)
    assert await moving.value("target", "select word from public.high where id = 101") == "x"


async def test_a_table_without_columns_is_a_number_of_rows(moving: Moving) -> None:
    await moving.both("create table public.bare ()")
    await moving.on("source", *["insert into public.bare default values"] * 3)
    table = await moving.table("bare")
    async with moving.snapshot() as snapshot:
        copied = await moving.copy_table(table, snapshot)
        await moving.on("target", *["insert into public.bare default values"] * 2)
        compared = await moving.compare(table, snapshot)
        mended = await moving.repair(table, snapshot)
    assert copied.rows == 3
    assert (compared.source_rows, compared.target_rows, compared.differing_buckets) == (3, 5, 1)
    assert (mended.rows_deleted, mended.rows_copied) == (2, 0)


LONG = "é" * 31 + "x"
HOSTILE = [
    'we"ird schéma',
    "select",
    "a b;--",
    "'; drop table x; --",
    LONG,
    "h",
    "bucket",
    "address",
]


async def test_hostile_names_are_only_names(moving: Moving) -> None:
    schema, name = 'pub"lic; --', LONG
    columns = ", ".join('"' + each.replace('"', '""') + '" text' for each in HOSTILE)
    quoted = f'"pub""lic; --"."{LONG}"'
    await moving.both('create schema "pub""lic; --"', f"create table {quoted} ({columns})")
    values = ", ".join(["'v'"] * (len(HOSTILE) - 1))
    await moving.on(
        "source",
        f"insert into {quoted} select 'row ' || n, {values} from generate_series(1, 50) n",
    )
    for key in ((), (HOSTILE[0],), (HOSTILE[0], "h")):
        await moving.on("target", f"delete from {quoted}")
        table = await moving.table(name, schema=schema, key=key)
        async with moving.snapshot() as snapshot:
            work = moving.chunk(table, snapshot, number=len(key))
            await moving.copy(moving.assignment(), work)
            await moving.on("target", f"update {quoted} set h = null where \"select\" = 'v'")
            compared = await moving.compare(table, snapshot, pass_number=len(key))
            assert compared.differing_buckets > 0
            mended = await moving.repair(table, snapshot, pass_number=len(key))
        assert (mended.rows_deleted, mended.rows_copied) == (50, 50)
        assert await moving.same(table)
