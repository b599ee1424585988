"""Going back to a checkpoint, and taking back tables, on real servers and processes."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.main_job.test_incremental import passes
from tests.integration.main_job.test_undoing import ask, undone
from tests.integration.schema.migration import dump_text, fetch, run_sql

from sterna_cli.stack import Stack
from sterna_core.migration import events as ev
from sterna_core.migration.undo_events import UndoCompleted
from support.faults import pgbench
from support.faults.trial import OVER_SECONDS, Trial, trial

pytestmark = pytest.mark.xdist_group("main_job")

OPTIONS = {"parallelism": 2, "batch_size": 4_000}
IN_THE_WAY = "create view pgbench_tellers_pkey as select 1 as a"
"""Stops the migration when its last index is built: by then every row has arrived."""


async def image(url: str) -> tuple[Any, ...]:
    """Describe what a restore has to bring back: rows, indexes, constraints and receipts."""
    rows = await pgbench.contents(url)
    objects = await fetch(
        url,
        "select indexdef from pg_indexes where schemaname = 'public' union all select"
        " conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint where contype"
        " in ('p', 'f') and connamespace = 'public'::regnamespace order by 1",
    )
    receipts = await fetch(
        url,
        "select table_id, chunk, rows from _sterna.receipts where kind = 'copy_chunk' order by 1, 2",
    )
    return rows, [row[0] for row in objects], [tuple(row) for row in receipts]


async def half_way(stack: Stack, found: Trial) -> str:
    """Pause when some chunks have arrived; gives a checkpoint of that moment."""
    await found.start()
    await found.witness.until(
        lambda events: sum(isinstance(each, ev.ChunkCopied) for each in events) >= 4, OVER_SECONDS
    )
    await found.sterna.migrations.pause(found.migration_id, reason="half-way")
    await found.shown("paused")
    one = f"/v1/migrations/{found.migration_id}"
    _, made = await ask(stack, "POST", f"{one}/checkpoints", {"reason": "half-way"})
    return str(made["id"])


async def stuck(found: Trial, target: str) -> None:
    """Go on until the last index cannot be built."""
    await run_sql(target, IN_THE_WAY)
    await found.sterna.migrations.resume(found.migration_id)
    await found.shown("failed")


async def test_a_target_is_again_what_it_was_at_a_checkpoint_and_the_migration_completes(
    stack: Stack, source: str, target: str
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        one = f"/v1/migrations/{found.migration_id}"
        checkpoint = await half_way(stack, found)
        then = await image(target)
        await stuck(found, target)
        rows, objects, receipts = await image(target)
        assert rows == await pgbench.contents(source)
        assert len(objects) > len(then[1])
        assert len(receipts) > len(then[2])

        body = {"checkpoint_id": checkpoint}
        status, begun = await ask(stack, "POST", f"{one}/restore", body)
        assert (status, begun["status"]) == (200, "rolling_back"), begun
        await found.shown("paused")
        assert await image(target) == then
        status, again = await ask(stack, "POST", f"{one}/restore", body)
        assert (status, again["status"]) == (200, "paused"), again

        await run_sql(target, "drop view pgbench_tellers_pkey")
        await found.sterna.migrations.resume(found.migration_id)
        await found.shown("completed")

    assert await pgbench.contents(target) == await pgbench.contents(source)


async def test_two_tables_are_taken_back_and_copied_again_and_the_others_stay(
    stack: Stack, source: str, target: str
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        one = f"/v1/migrations/{found.migration_id}"
        await half_way(stack, found)
        await stuck(found, target)
        tables = ["public.pgbench_accounts", "public.pgbench_tellers"]
        body = {"scope": "tables", "tables": tables}

        status, begun = await ask(stack, "POST", f"{one}/rollback", body)
        assert (status, begun["status"]) == (200, "rolling_back"), begun
        done = await undone(stack, found, "completed")
        await found.shown("paused")

        assert done["tables"] == tables
        assert done["verification"]["removed"]["row"] == 100_010
        left = await pgbench.contents(target)
        assert {name: rows for name, (rows, _) in left.items() if rows} == {"pgbench_branches": 1}
        await run_sql(target, "drop view pgbench_tellers_pkey")
        await found.sterna.migrations.resume(found.migration_id)
        await found.shown("completed")

    assert await pgbench.contents(target) == await pgbench.contents(source)


LINES = """
create table one (id int primary key, word text); create table two (id int primary key, word text);
"""
WRITTEN = """
insert into one select i, repeat('one ', 20) || i from generate_series(1, 4000) i;
insert into two select i, repeat('two ', 20) || i from generate_series(1, 4000) i;
"""


async def rows_in(url: str) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: [tuple(row) for row in await fetch(url, f"select * from {name} order by id")]
        for name in ("one", "two")
    }


@pytest.fixture
async def lines(stack: Stack) -> AsyncIterator[str]:
    """A source of two tables."""
    name = f"lines_{uuid4().hex[:10]}"
    url = await stack.embedded.postgres.create_database(name)
    await run_sql(url, LINES + WRITTEN)
    yield url
    await stack.embedded.postgres.drop_database(name)


async def copied(found: Trial, chunks: int) -> None:
    await found.witness.until(
        lambda events: sum(isinstance(each, ev.ChunkCopied) for each in events) >= chunks,
        OVER_SECONDS,
    )


async def paused(found: Trial) -> None:
    await found.sterna.migrations.pause(found.migration_id, reason="test")
    await found.shown("paused")


async def test_rows_that_went_into_tables_of_others_are_taken_back_in_part(
    stack: Stack, lines: str, target: str
) -> None:
    await run_sql(target, LINES + "create table theirs (id int); insert into theirs values (1)")
    before = await dump_text(target)
    options = {"mode": "data_only", "parallelism": 1, "batch_size": 250}
    async with trial(stack, lines, target, **options) as found:
        one = f"/v1/migrations/{found.migration_id}"
        checkpoint = await half_way(stack, found)
        then = await rows_in(target)
        assert 0 < sum(len(rows) for rows in then.values()) < 8_000
        await found.sterna.migrations.resume(found.migration_id)
        await copied(found, len(found.witness.of(ev.ChunkCopied)) + 4)
        await paused(found)
        assert await rows_in(target) != then

        body = {"checkpoint_id": checkpoint}
        _, begun = await ask(stack, "POST", f"{one}/restore", body)
        assert begun["status"] == "rolling_back", begun
        await found.witness.until(
            lambda events: any(isinstance(each, UndoCompleted) for each in events), OVER_SECONDS
        )
        await found.shown("paused")
        assert await rows_in(target) == then

        (full, *_) = [name for name, rows in then.items() if rows]
        body = {"scope": "tables", "tables": [f"public.{full}"]}
        _, begun = await ask(stack, "POST", f"{one}/rollback", body)
        assert begun["status"] == "rolling_back", begun
        done = await undone(stack, found, "completed")
        assert done["verification"]["removed"]["row"] == len(then[full])
        assert await rows_in(target) == {**then, full: []}
        assert await dump_text(target) == before
        _, again = await ask(stack, "POST", f"{one}/rollback", body)
        assert (again["status"], again["rollback_status"]) == ("paused", "completed")
        assert again["message"] == "Nothing was done: there is nothing to take back"

        await found.sterna.migrations.resume(found.migration_id)
        await found.shown("completed")

    assert await rows_in(target) == await rows_in(lines)
    assert [row["id"] for row in await fetch(target, "select id from theirs")] == [1]
    assert await dump_text(target) == before


async def test_a_table_of_a_target_that_is_kept_up_to_date_is_taken_back_and_follows_again(
    stack: Stack, lines: str, target: str
) -> None:
    options = {"mode": "incremental", "incremental": {"interval_seconds": 3600}}
    async with trial(stack, lines, target, **options) as found:
        one = f"/v1/migrations/{found.migration_id}"
        await found.start()
        await passes(found, 1)
        await paused(found)

        body = {"scope": "tables", "tables": ["public.one"]}
        _, begun = await ask(stack, "POST", f"{one}/rollback", body)
        assert begun["status"] == "rolling_back", begun
        await undone(stack, found, "completed")
        await found.shown("paused")
        everything = await rows_in(lines)
        assert await rows_in(target) == {"one": [], "two": everything["two"]}

        await run_sql(
            lines, "update two set word = 'late' where id = 2; delete from one where id = 1"
        )
        await found.sterna.migrations.resume(found.migration_id)
        await passes(found, 2)
        assert await rows_in(target) == await rows_in(lines)
        await found.sterna.migrations.stop(found.migration_id)
        await found.shown("completed")

    assert await rows_in(target) == await rows_in(lines)
