import asyncio
from itertools import starmap

from sterna_core.tasks.table import PageRange
from support.faults import pgbench
from support.transfer.moving import DEADLINE_SECONDS, Moving

SCALE = 2
BITS = 8
CHUNK_PAGES = 300
HOLDER = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where application_name = 'holder' and datname = current_database()"
)
IDENTITIES = (
    "select (select sum(abalance) from public.pgbench_accounts),"
    " (select sum(tbalance) from public.pgbench_tellers),"
    " (select sum(bbalance) from public.pgbench_branches),"
    " (select sum(delta) from public.pgbench_history)"
)


async def pages(moving: Moving, name: str) -> list[PageRange]:
    size = int(
        str(await moving.value("source", f"select pg_relation_size('public.{name}') / 8192"))
    )
    starts = [*range(0, max(size, 1), CHUNK_PAGES)]
    ends: list[int | None] = [*starts[1:], None]
    return list(starmap(PageRange, zip(starts, ends, strict=True)))


async def test_a_source_in_use_arrives_as_one_moment_though_its_snapshot_was_lost(
    moving: Moving,
) -> None:
    await pgbench.make_tables(moving.source_url, SCALE)
    await moving.on("source", "alter table public.pgbench_accounts set (fillfactor = 80)")
    tables = {
        name: await moving.table(name, key=key)
        for name, key in (
            ("pgbench_accounts", ("aid",)),
            ("pgbench_branches", ("bid",)),
            ("pgbench_tellers", ("tid",)),
            ("pgbench_history", ()),
        )
    }
    for table in tables.values():
        columns = ", ".join(f"{each.target} {each.target_type}" for each in table.columns)
        await moving.on("target", f"create table public.{table.target_table} ({columns})")
    async with pgbench.writing(moving.source_url), asyncio.timeout(4 * DEADLINE_SECONDS):
        await more_history(moving, 50)
        chunks = [
            (table, number, each)
            for name, table in tables.items()
            for number, each in enumerate(await pages(moving, name))
        ]
        early, late = chunks[: len(chunks) // 2], chunks[len(chunks) // 2 :]
        early.append(late.pop())  # the history, of which more comes
        async with moving.snapshot() as first:
            for table, number, each in early:
                await moving.copy(
                    moving.assignment(), moving.chunk(table, first, each, number, generation=1)
                )
            await moving.ask("source", HOLDER)
            await first.lost.wait()
        await more_history(moving, 200)
        async with moving.snapshot() as second:
            for table, number, each in late:
                await moving.copy(
                    moving.assignment(), moving.chunk(table, second, each, number, generation=2)
                )
            await more_history(moving, 50)
            mended = 0
            for table in tables.values():
                before = await moving.compare(table, second, bits=BITS, generation=2)
                if before.differing_buckets:
                    repaired = await moving.repair(table, second, bits=BITS, generation=2)
                    mended += repaired.rows_copied
                after = await moving.compare(table, second, bits=BITS, generation=2, pass_number=2)
                assert after.differing_buckets == 0
                assert after.source_rows == after.target_rows
    assert 0 < mended < 10_000 * SCALE
    identities = (await moving.ask("target", IDENTITIES))[0]
    assert len(set(identities)) == 1, identities
    assert await moving.value(
        "target",
        "select count(distinct aid) = 200000 and count(*) = 200000 from public.pgbench_accounts",
    )


async def more_history(moving: Moving, rows: int) -> None:
    """Wait until the writers have written so many rows more."""
    written = await moving.value("source", "select count(*) from public.pgbench_history")
    await moving.until(
        "source", "select count(*) >= $1 from public.pgbench_history", int(str(written)) + rows
    )
