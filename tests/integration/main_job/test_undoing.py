"""Undoing migrations on their own, through the REST interface, on real servers and processes."""

import asyncio
from typing import Any

import aiohttp
import asyncpg
import pytest

from sterna_cli.stack import Stack
from sterna_core.migration import events as ev
from support.faults import catalog
from support.faults.trial import OVER_SECONDS, Trial, trial

pytestmark = pytest.mark.xdist_group("main_job")

OPTIONS = {"parallelism": 4, "batch_size": 5_000}
LOOK_SECONDS = 0.1


async def ask(stack: Stack, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask the interface as any client would."""
    headers = {"Authorization": f"Bearer {stack.key.reveal()}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, f"{stack.url}{path}", json=body) as reply,
    ):
        return reply.status, await reply.json()


async def completed(found: Trial) -> None:
    await found.start()
    last = await found.over()
    assert isinstance(last, ev.MigrationCompleted), last
    await found.shown("completed")


async def undone(stack: Stack, found: Trial, wanted: str) -> Any:
    async with asyncio.timeout(OVER_SECONDS):
        while True:
            path = f"/v1/migrations/{found.migration_id}/rollback/status"
            _, shown = await ask(stack, "GET", path)
            if shown["rollback_status"] == wanted:
                return shown
            await asyncio.sleep(LOOK_SECONDS)


async def test_a_completed_migration_is_undone_by_its_ledger_after_what_hindered_it_is_gone(
    stack: Stack, source: str, target: str
) -> None:
    await catalog.plant(target)
    before = await catalog.describe(target)
    async with trial(stack, source, target, **OPTIONS) as found:
        await completed(found)
        one = f"/v1/migrations/{found.migration_id}"
        connection = await asyncpg.connect(target)
        try:
            await connection.execute("create view theirs as select * from pgbench_tellers")
            status, _ = await ask(stack, "POST", f"{one}/rollback", {})
            assert status == 200
            failed = await undone(stack, found, "failed")
            assert failed["code"] == "rollback_failed"
            assert "theirs" in failed["message"]
            status, refused = await ask(stack, "POST", f"{one}/resume", {})
            assert (status, refused["error"]["code"]) == (409, "rollback_failed")
            await connection.execute("drop view theirs")
        finally:
            await connection.close()
        assert (await ask(stack, "POST", f"{one}/rollback", {}))[0] == 200
        done = await undone(stack, found, "completed")
        await found.shown("rolled_back")

    assert done["verification"]["passed"] is True
    assert done["verification"]["removed"]["table"] == 4
    assert await catalog.describe(target) == before


async def test_a_completed_migration_is_emptied_and_its_tables_stay(
    stack: Stack, source: str, target: str
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await completed(found)
        body = {"strategy": "truncate"}
        path = f"/v1/migrations/{found.migration_id}/rollback"
        assert (await ask(stack, "POST", path, body))[0] == 200
        done = await undone(stack, found, "completed")

    assert done["strategy_used"] == "truncate"
    assert done["verification"]["removed"] == {"table emptied": 4}
    connection = await asyncpg.connect(target)
    try:
        rows = await connection.fetchrow(
            "select (select count(*) from pgbench_accounts), (select count(*) from"
            " pgbench_branches), to_regnamespace('_sterna') is null"
        )
    finally:
        await connection.close()
    assert tuple(rows) == (0, 0, True)
