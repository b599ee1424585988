import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest
from tests.integration.cli.foreground import COMMAND_SECONDS, Up, begin, end, running, sterna

from sterna_cli.demo.proof import differences, take_inventory
from sterna_cli.demo.shop import create_shop

pytestmark = pytest.mark.xdist_group("sterna-migrate")

_SCALE = 0.02
_ROWS = 20_000


@pytest.fixture(scope="module")
async def up() -> AsyncIterator[Up]:
    async with running(executors=2) as started:
        yield started


class Databases:
    """A source and an empty target on the stack's own PostgreSQL."""

    def __init__(self, up: Up) -> None:
        address = msgspec.json.decode((up.home / "run/api.address").read_bytes())
        self._server = address["environment"]["STERNA_DATABASE_URL"].rpartition("/")[0]
        name = uuid4().hex[:12]
        self.source = f"{self._server}/source_{name}"
        self.target = f"{self._server}/target_{name}"

    async def make(self) -> None:
        connection = await asyncpg.connect(f"{self._server}/postgres")
        try:
            for url in (self.source, self.target):
                await connection.execute(f"create database {url.rpartition('/')[2]}")
        finally:
            await connection.close()

    async def make_numbers(self) -> None:
        """Make a source with one table that takes many small chunks."""
        await self.make()
        connection = await asyncpg.connect(self.source)
        try:
            await connection.execute("create table numbers (n int primary key, text text not null)")
            await connection.execute(
                "insert into numbers select n, repeat(md5(n::text), 8) "
                f"from generate_series(1, {_ROWS}) n"
            )
            await connection.execute("vacuum analyze numbers")
        finally:
            await connection.close()


async def test_a_shop_arrives_whole_and_the_proof_is_printed(up: Up):
    databases = Databases(up)
    await databases.make()
    await create_shop(databases.source, _SCALE)
    done = await sterna(up.home, "migrate", databases.source, databases.target, "--yes", "--json")
    assert done.code == 0, done.remarks
    outcome: dict[str, Any] = msgspec.json.decode(done.output)
    assert outcome["migration"]["status"] == "completed"
    tables = outcome["validation"]["tables"]
    assert tables
    assert all(table["equal"] for table in tables)
    assert "Validation by content" in done.remarks
    before, after = await take_inventory(databases.source), await take_inventory(databases.target)
    assert differences(before, after) == []
    shown = await sterna(up.home, "migrations", "show", outcome["migration"]["id"])
    assert "completed" in shown.output
    logged = await sterna(up.home, "migrations", "logs", "-f", outcome["migration"]["id"])
    assert (logged.code, "compared and equal" in logged.output) == (0, True)


async def test_nothing_starts_without_approval_where_nobody_can_be_asked(up: Up):
    databases = Databases(up)
    await databases.make_numbers()
    done = await sterna(up.home, "migrate", databases.source, databases.target, "--json")
    assert done.code == 4
    migration: dict[str, Any] = msgspec.json.decode(done.output)
    assert migration["status"] == "approved"
    assert (await take_inventory(databases.target)).tables == {}
    started = await sterna(up.home, "migrations", "start", migration["id"], "--watch")
    assert started.code == 0, started.output


async def test_ctrl_c_pauses_and_the_migration_can_be_resumed(up: Up):
    databases = Databases(up)
    await databases.make_numbers()
    process = await begin(
        *(up.home, "migrate", databases.source, databases.target, "--yes", "--json"),
        *("--batch-size", "500", "--parallelism", "1"),
    )
    await _copying(process)
    process.send_signal(signal.SIGINT)
    done = await end(process)
    assert done.code == 130, done.remarks
    migration: dict[str, Any] = msgspec.json.decode(done.output)
    assert migration["status"] == "paused"
    again = await sterna(up.home, "migrations", "resume", migration["id"], "--watch")
    assert again.code == 0, again.output
    before, after = await take_inventory(databases.source), await take_inventory(databases.target)
    assert differences(before, after) == []


async def test_cancel_with_rollback_leaves_the_target_empty(up: Up):
    databases = Databases(up)
    await databases.make_numbers()
    process = await begin(
        *(up.home, "migrate", databases.source, databases.target, "--yes", "--json"),
        *("--batch-size", "500", "--parallelism", "1"),
    )
    migration_id = await _copying(process)
    cancelled = await sterna(up.home, "migrations", "cancel", migration_id, "--rollback")
    assert cancelled.code == 0, cancelled.output
    done = await end(process)
    assert done.code == 1
    assert msgspec.json.decode(done.output)["migration"]["status"] == "rolled_back"
    after = await take_inventory(databases.target)
    assert (after.tables, after.sequences) == ({}, {})


async def _copying(process: asyncio.subprocess.Process) -> str:
    """Wait until a command shows that rows are being copied; gives the migration's id."""
    assert process.stderr is not None
    migration_id = ""
    async with asyncio.timeout(COMMAND_SECONDS):
        while True:
            line = (await process.stderr.readline()).decode()
            assert line, "it ended before"
            if line.startswith("  migration  "):
                migration_id = line.split()[-1]
            if line.startswith("  data transfer ") and "%" in line:
                return migration_id
