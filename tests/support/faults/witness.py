"""Reads the journal beside a migration: what has happened, by the reading rule."""

import asyncio
from collections import Counter
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from sterna_core.errors import Transient
from sterna_core.journal.codec import Codec
from sterna_core.journal.reader import JournalReader
from sterna_core.journal.terms import Position
from sterna_core.journal.topics import Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.log import KafkaLog
from sterna_core.migration import events as ev
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.namespace_migration.decider import NAMESPACE_MIGRATIONS


class Witness:
    """Follows the events of one migration, of either kind, from the beginning of the journal."""

    def __init__(self, bootstrap: str, migration_id: str) -> None:
        self._access = KafkaAccess(bootstrap=bootstrap, client_id="witness")
        self._migration_id = migration_id
        self._codec = Codec([MIGRATIONS, NAMESPACE_MIGRATIONS])
        self._following: asyncio.Task[None] | None = None
        self.events: list[Struct] = []
        self.moved = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._following = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._following is not None
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)

    async def until(self, wanted: Any, seconds: float) -> None:
        """Wait until the events so far satisfy a condition."""
        try:
            async with asyncio.timeout(seconds), self.moved:
                await self.moved.wait_for(lambda: wanted(self.events))
        except TimeoutError:
            last = "\n".join(str(event)[:400] for event in self.events[-8:])
            raise AssertionError(f"not within {seconds} s; the last events are\n{last}") from None

    def of(self, kind: type[Struct]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def chunk_completions(self) -> Counter[tuple[str, int]]:
        return Counter((e.table_id, e.chunk) for e in self.of(ev.ChunkCopied))

    async def _follow(self) -> None:
        partition = Topics().partition_of("org_default", self._migration_id)
        positions = {partition: Position()}
        while True:
            try:
                async with KafkaLog(self._access) as log:
                    reader = JournalReader(log, Topics().events, positions)
                    async with reader:
                        while True:
                            found = await reader.read()
                            positions = reader.positions
                            await self._take(found)
            except Transient:
                await asyncio.sleep(0.2)

    async def _take(self, decisions: list[Any]) -> None:
        mine = [d for d in decisions if d.aggregate_id == self._migration_id]
        if not mine:
            return
        async with self.moved:
            for decision in mine:
                self.events.extend(decision.events(self._codec))
            self.moved.notify_all()
