"""One migration, disturbed at a moment, and what must hold when it is over."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import asyncpg

from sterna_cli.client.answers import Migration
from sterna_cli.client.sterna import Sterna, connect
from sterna_cli.embedded import KafkaServer, SupervisedProcess
from sterna_cli.stack import Stack
from sterna_core.migration import events as ev
from support.faults.witness import Witness

OVER_SECONDS = 180.0
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.05


def endpoint(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "name": f"{parts.path.lstrip('/')}-{uuid4().hex[:8]}",
        "type": "postgresql",
        "config": {
            "host": parts.hostname,
            "port": parts.port,
            "database": parts.path.lstrip("/"),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
        },
        "options": {"ssl_mode": "disable"},
    }


class Trial:
    """A migration from one database into a fresh one, through the REST interface."""

    def __init__(self, stack: Stack, sterna: Sterna, migration_id: str, target: str) -> None:
        self.stack = stack
        self.sterna = sterna
        self.migration_id = migration_id
        self.target = target
        self.witness = Witness(stack.embedded.kafka_bootstrap, migration_id)

    async def start(self) -> None:
        """Start the migration once its plan is there."""
        await self.witness.until(_has(ev.PlanApproved), OVER_SECONDS)
        await self.sterna.migrations.start(self.migration_id)

    async def reached(self, phase: str) -> None:
        """Wait until a phase has begun."""

        def has_begun(events: list[Any]) -> bool:
            return any(isinstance(each, ev.PhaseStarted) and each.phase == phase for each in events)

        await self.witness.until(has_begun, OVER_SECONDS)

    async def over(self) -> Any:
        """Wait until the migration is over; gives its last event."""
        await self.witness.until(
            _has(
                ev.MigrationCompleted,
                ev.MigrationFailed,
                ev.RollbackCompleted,
                ev.RollbackFailed,
                ev.MigrationCancelled,
            ),
            OVER_SECONDS,
        )
        return self.witness.events[-1]

    async def shown(self, status: str) -> Migration:
        """Wait until the projection shows a status; gives what it shows."""
        async with asyncio.timeout(OVER_SECONDS):
            while True:
                found = await self.sterna.migrations.get(self.migration_id)
                if found.status == status:
                    return found
                await asyncio.sleep(LOOK_SECONDS)

    async def receipts(self) -> dict[tuple[str, int], int]:
        """Count the receipts of each chunk on the target."""
        connection = await asyncpg.connect(self.target)
        try:
            rows = await connection.fetch(
                "select table_id, chunk, count(*) from _sterna.receipts"
                " where migration_id = $1 and kind = 'copy_chunk' group by 1, 2",
                self.migration_id,
            )
            return {(row[0], row[1]): row[2] for row in rows}
        finally:
            await connection.close()

    def holder(self) -> SupervisedProcess:
        """Give the executor that holds the snapshot."""
        name = self.witness.of(ev.SnapshotExported)[-1].executor_id
        return next(each for each in self.stack.executors if each.name == name)


def _has(*kinds: type) -> Callable[[list[Any]], bool]:
    return lambda events: any(isinstance(event, kinds) for event in events)


@asynccontextmanager
async def trial(
    stack: Stack,
    source_url: str,
    target_url: str,
    *,
    source: dict[str, Any] | None = None,
    to: dict[str, Any] | None = None,
    **options: object,
) -> AsyncGenerator[Trial]:
    """Create a migration and wait for nothing; it is followed until the block ends.

    `source` and `to` are what its body says of the two sides, beside the connections.
    """
    async with connect(stack.url, stack.key, patience_seconds=PATIENCE_SECONDS) as sterna:
        old = await sterna.connections.create(endpoint(source_url))
        new = await sterna.connections.create(endpoint(target_url))
        migration = await sterna.migrations.create(
            {
                "name": "trial",
                "source": {"connection_id": old.id, **(source or {})},
                "target": {"connection_id": new.id, **(to or {})},
                "options": {"mode": "full", "keep_bookkeeping": True, **options},
            }
        )
        found = Trial(stack, sterna, migration.id, target_url)
        async with found.witness:
            yield found


async def after(seconds: float, action: Callable[[], Awaitable[None]]) -> None:
    """Let a moment pass, then act: the moment is what the trial is about."""
    await asyncio.sleep(seconds)
    await action()


def kill(process: SupervisedProcess | KafkaServer) -> None:
    """SIGKILL: nothing is said, nothing is flushed; the supervisor finds out and starts it again."""
    pid = process.pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def moments(seed: int, rounds: int, longest_seconds: float) -> list[float]:
    """Give random moments within a migration; the seed is in the test's name."""
    chance = random.Random(seed)
    return [round(chance.uniform(0.0, longest_seconds), 3) for _ in range(rounds)]
