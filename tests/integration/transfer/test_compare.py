import asyncio

import pytest

from sterna_core.errors import SnapshotLost, Terminal
from sterna_core.tasks.table import PageRange, TableSpec
from support.transfer.moving import Moving

TWINS = [
    ("float8", "0", "null"),
    ("numeric", "'NaN'", "'Infinity'"),
    ("numeric", "1.0", "1.00"),
    ("int8", "0", "4294967297"),
    ("timestamptz", "'2000-01-01 00:00:00+00'", "'2000-01-01 01:11:34.967297+00'"),
    ("interval", "'1 day'", "'24 hours'"),
    ("int[]", "'{1,2}'", "'{{1,2}}'"),
    ("int[]", "'[0:1]={1,2}'", "'{1,2}'"),
    ("text", "''", "null"),
    ("text[]", "'{NULL}'", "'{\"NULL\"}'"),
    ("jsonb", "'[[1]]'", "'1'"),
    ("json", "'{}'", "'{ }'"),
    ("bytea", "'\\x00'", "'\\x0000'"),
    ("char(4)", "''", "null"),
]


@pytest.mark.parametrize(("type_name", "one", "other"), TWINS)
async def test_values_that_look_alike_to_a_hash_are_told_apart(
    moving: Moving, type_name: str, one: str, other: str
) -> None:
    await moving.both(f"create table public.twins (id int, value {type_name})")
    await moving.on("source", f"insert into public.twins values (1, {one})")
    await moving.on("target", f"insert into public.twins values (1, {other})")
    for key in ((), ("id",)):
        table = await moving.table("twins", key=key)
        async with moving.snapshot() as snapshot:
            compared = await moving.compare(table, snapshot, pass_number=len(key))
        assert compared.differing_buckets > 0


@pytest.mark.parametrize("key", [(), ("id",)])
async def test_values_that_changed_places_between_rows_are_found(
    moving: Moving, key: tuple[str, ...]
) -> None:
    await moving.both("create table public.pairs (id int, a text, b text)")
    rows = "select n, 'a' || n, 'b' || n from generate_series(1, 40) n"
    await moving.on("source", f"insert into public.pairs {rows}")
    await moving.on(
        "target",
        f"insert into public.pairs {rows}",
        "update public.pairs set b = 'b' || case id when 7 then 8 else 7 end where id in (7, 8)",
    )
    table = await moving.table("pairs", key=key)
    async with moving.snapshot() as snapshot:
        assert (await moving.compare(table, snapshot, bits=0)).differing_buckets == 1


@pytest.mark.parametrize("copies", [1, 3])
async def test_rows_that_stand_more_often_on_one_side_are_found(
    moving: Moving, copies: int
) -> None:
    await moving.both("create table public.again (word text)")
    await moving.on("source", "insert into public.again values ('a'), ('b')")
    await moving.on(
        "target",
        "insert into public.again values ('a'), ('b')",
        f"insert into public.again select 'a' from generate_series(1, {2 * copies})",
    )
    table = await moving.table("again")
    async with moving.snapshot() as snapshot:
        compared = await moving.compare(table, snapshot)
    assert (compared.source_rows, compared.target_rows) == (2, 2 + 2 * copies)
    assert compared.differing_buckets == 1


async def numbers(moving: Moving) -> TableSpec:
    await moving.both("create table public.numbers (id int, word text)")
    await moving.both(
        "insert into public.numbers select n, 'word ' || n from generate_series(1, 20000) n"
    )
    return await moving.table("numbers", key=("id",))


async def test_ranges_scanned_apart_give_what_one_scan_gives(moving: Moving) -> None:
    table = await numbers(moving)
    async with moving.snapshot() as snapshot:
        whole = await moving.compare(table, snapshot, pass_number=0, bits=6)
        ranges = [PageRange(0, 30), PageRange(30, 31), PageRange(31, None)]
        scans = [
            moving.scan(table, snapshot, side, pages, number, 6)
            for side in ("source", "target")
            for number, pages in enumerate(ranges)
        ]
        scanned = await asyncio.gather(*scans)
        parts = await moving.compare(table, snapshot, bits=6, scan=False)
    assert sum(each.rows for each in scanned) == 40000
    assert parts.differing_buckets == 0
    assert (parts.source_digest, parts.target_digest) == (
        whole.source_digest,
        whole.target_digest,
    )


async def test_a_range_that_is_scanned_again_adds_nothing(moving: Moving) -> None:
    table = await numbers(moving)
    async with moving.snapshot() as snapshot:
        for _ in range(2):
            again = await asyncio.gather(
                *(
                    moving.scan(
                        table, snapshot, side, PageRange(0, None), 0, 6, task_id=f"tsk_{side}"
                    )
                    for side in ("source", "target")
                    for _ in range(2)
                )
            )
        compared = await moving.compare(table, snapshot, bits=6, scan=False)
    assert all(each.repeated for each in again)
    assert {each.rows for each in again} == {20000}
    assert compared.source_rows == compared.target_rows == 20000


async def test_without_all_ranges_nothing_is_said_to_be_equal(moving: Moving) -> None:
    table = await numbers(moving)
    async with moving.snapshot() as snapshot:
        for side in ("source", "target"):
            await moving.scan(table, snapshot, side, PageRange(30, None), 1, 6)
        with pytest.raises(Terminal) as refused:
            await moving.compare(table, snapshot, bits=6, scan=False)
        assert refused.value.code == "scan_incomplete"
        await moving.scan(table, snapshot, "source", PageRange(0, 30), 0, 6)
        with pytest.raises(Terminal):
            await moving.compare(table, snapshot, bits=6, scan=False)
        await moving.scan(table, snapshot, "target", PageRange(0, 30), 0, 6)
        with pytest.raises(Terminal):  # these were summed under another snapshot
            await moving.compare(table, snapshot, bits=6, scan=False, generation=2)
        assert (await moving.compare(table, snapshot, bits=6, scan=False)).differing_buckets == 0


async def test_a_repeated_comparison_gives_the_first_answer(moving: Moving) -> None:
    table = await numbers(moving)
    async with moving.snapshot() as snapshot:
        first = await moving.compare(table, snapshot, task_id="tsk_a")
        await moving.on("target", "delete from public.numbers")
        assert await moving.compare(table, snapshot, task_id="tsk_a") == first


async def test_a_comparison_needs_its_snapshot(moving: Moving) -> None:
    table = await numbers(moving)
    async with moving.snapshot() as snapshot:
        pass
    with pytest.raises(SnapshotLost):
        await moving.compare(table, snapshot)


async def test_the_source_is_compared_as_it_is_transformed(moving: Moving) -> None:
    await moving.on(
        "source",
        "create table public.people (id int, name text, born text, score int)",
        "insert into public.people values (1, ' Ada ', '1815-12-10', 7), (2, null, null, null)",
    )
    await moving.on(
        "target",
        "create table public.people (id bigint, name varchar(5), born date, score numeric(6, 2))",
    )
    table = await moving.table(
        "people",
        key=("id",),
        copy_format="text",
        transformed={"name": "trim(name)", "born": "born::date"},
    )
    async with moving.snapshot() as snapshot:
        await moving.copy_table(table, snapshot)
        assert (await moving.compare(table, snapshot)).differing_buckets == 0
        await moving.on("target", "update public.people set name = ' Ada ' where id = 1")
        assert (await moving.compare(table, snapshot, pass_number=2)).differing_buckets == 1
        mended = await moving.repair(table, snapshot, pass_number=2)
    assert (mended.rows_deleted, mended.rows_copied) == (1, 1)
    assert await moving.rows("target", table) == ["(1,Ada,1815-12-10,7.00)", "(2,,,)"]


async def test_a_table_that_is_equal_has_statistics(moving: Moving) -> None:
    table = await numbers(moving)
    known = "select reltuples::int from pg_class where oid = 'public.numbers'::regclass"
    async with moving.snapshot() as snapshot:
        await moving.on("target", "delete from public.numbers where ctid = '(0,1)'")
        await moving.compare(table, snapshot, task_id="tsk_a")
        assert await moving.value("target", known) == -1
        await moving.on("target", "insert into public.numbers values (1, 'word 1')")
        await moving.compare(table, snapshot, task_id="tsk_b", pass_number=2)
    assert await moving.value("target", known) == 20000
