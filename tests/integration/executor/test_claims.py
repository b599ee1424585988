"""Whether a task is still wanted: the journal says, and its stand-in in memory does the same."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
import pytest

from sterna_core.clock import system_clock
from sterna_core.errors import Fenced
from sterna_core.journal.codec import Codec
from sterna_core.migration.commands import CancelMigration
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.tasks.task import Task
from sterna_executor.tasks.claims import BusClaims, Claims, MemoryClaims
from support.journal.stack import journal_stack, until_read
from support.migration.scenario import MIGRATION_ID, create
from support.tasks import task


@asynccontextmanager
async def on_the_bus(bootstrap: str) -> AsyncGenerator[tuple[Claims, Task, Task]]:
    """Give claims, a task that is wanted, and one whose migration was cancelled."""
    async with (
        journal_stack(bootstrap, codec=Codec([MIGRATIONS])) as stack,
        stack.decider(),
    ):
        given: dict[str, Task] = {}
        for name in (MIGRATION_ID, MIGRATION_ID + "_over"):
            await stack.send(name, create())

        async def dispatched() -> bool:
            for record in await stack.records(stack.topics.tasks):
                found = msgspec.json.decode(record.value or b"", type=Task)
                given[found.migration_id] = found
            return len(given) == 2

        await until_read(dispatched)
        cancelled = await stack.send(
            MIGRATION_ID + "_over", CancelMigration(reason="", rollback=False)
        )
        assert cancelled.rejected is None
        claims = BusClaims(stack.log, stack.sender, stack.topics, "exec_1", system_clock)
        yield claims, given[MIGRATION_ID], given[MIGRATION_ID + "_over"]


@asynccontextmanager
async def in_memory() -> AsyncGenerator[tuple[Claims, Task, Task]]:
    """Give the same without a bus."""
    yield MemoryClaims("tsk_2"), task(1), task(2)


@pytest.mark.parametrize("kind", ["bus", "memory"])
async def test_only_a_task_that_is_outstanding_may_go_on(kind: str, kafka_bootstrap: str) -> None:
    async with on_the_bus(kafka_bootstrap) if kind == "bus" else in_memory() as parts:
        claims, wanted, over = parts
        await claims.claim(wanted)
        await claims.claim(wanted)
        with pytest.raises(Fenced):
            await claims.claim(over)
        with pytest.raises(Fenced):
            await claims.claim(msgspec.structs.replace(over, attempt=2))
