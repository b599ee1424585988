"""Rows that the target refuses while it is kept up to date, on real servers and processes."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from tests.integration.main_job.test_incremental import passes
from tests.integration.main_job.test_migration import awaiting, completed, run, words_in

from sterna_cli.stack import Stack
from sterna_core.migration import sync_events as sy
from support.faults.trial import Trial, trial

pytestmark = pytest.mark.xdist_group("main_job")

WORDS = (
    """create table public.words (id int primary key, word text,
        updated_at timestamptz not null default clock_timestamp())""",
    "create index on public.words (updated_at)",
    "insert into public.words select n, 'word ' || n from generate_series(1, 300) as n",
    "update public.words set word = 'λόγος' where id = 7",
)


@pytest.fixture
async def greek(stack: Stack) -> AsyncIterator[tuple[str, str]]:
    """A source with a word that its target has no letters for."""
    postgres, name = stack.embedded.postgres, uuid4().hex[:10]
    source = await postgres.create_database(f"greek_{name}")
    await run(
        postgres.url("postgres"),
        f"create database latin_{name} template template0 encoding latin1 locale 'C'",
    )
    await run(source, *WORDS)
    yield source, postgres.url(f"latin_{name}")
    await postgres.drop_database(f"greek_{name}")
    await postgres.drop_database(f"latin_{name}")


async def pass_by(found: Trial) -> None:
    """Wait for a pass that has begun after this."""
    await passes(found, len(found.witness.of(sy.PassFinished)) + 2)


async def test_refused_rows_do_not_hold_up_passes_and_wait_for_somebody_after_the_stop(
    stack: Stack, greek: tuple[str, str]
) -> None:
    source, target = greek
    options = {"incremental": {"interval_seconds": 1}, "auto_approve_above": 0.0}
    async with trial(stack, source, target, mode="incremental", **options) as found:
        await found.start()
        await passes(found, 1)
        assert await words_in(target) == [row for row in await words_in(source) if row[0] != 7]

        await run(
            source,
            "insert into public.words values (1001, 'ψυχή'), (1002, 'soul')",
            "update public.words set word = 'five', updated_at = clock_timestamp() where id = 5",
            "update public.words set word = 'reason', updated_at = clock_timestamp() where id = 7",
        )
        await pass_by(found)
        expected = [row for row in await words_in(source) if row[0] != 1001]
        assert (7, "reason") in expected
        assert await words_in(target) == expected
        assert (await found.sterna.migrations.get(found.migration_id)).status == "running"

        await found.sterna.migrations.stop(found.migration_id)
        error = await awaiting(found)
        assert (error.rows, error.table) == (1, "public.words")
        await found.sterna.migrations.resolve_error(
            found.migration_id, error.id, resolution="skip", reason="nobody reads Greek"
        )
        last = await completed(found)

    assert (last.skipped_errors, last.skipped_rows) == (1, 1)
    assert await words_in(target) == expected
