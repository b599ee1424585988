import asyncio
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager

from sterna_core.journal.decision import Decision


class Waiter:
    """One who waits for the decision on a command."""

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self._seen: dict[int, Decision] = {}
        self._changed = asyncio.Event()

    def offer(self, decision: Decision) -> None:
        """Hand over a decision on a command of the same id."""
        if decision.partition == self._partition:
            self._seen[decision.source_offset] = decision
            self._changed.set()

    async def decision_on(self, offset: int) -> Decision:
        """Wait for the decision on the command at an offset."""
        while offset not in self._seen:
            self._changed.clear()
            await self._changed.wait()
        return self._seen[offset]

    def first_decision(self, command_hash: str) -> Decision | None:
        """Give the first decision that was seen on a command of the same id and contents."""
        for _, decision in sorted(self._seen.items()):
            if decision.command_hash == command_hash:
                return decision
        return None


class WaitingRoom:
    """Everybody who waits, by the command's id."""

    def __init__(self) -> None:
        self._waiters: defaultdict[str, list[Waiter]] = defaultdict(list)

    @contextmanager
    def wait_for(self, command_id: str, partition: int) -> Generator[Waiter]:
        """Wait for decisions on commands of this id, from now on."""
        waiter = Waiter(partition)
        self._waiters[command_id].append(waiter)
        try:
            yield waiter
        finally:
            self._waiters[command_id].remove(waiter)
            if not self._waiters[command_id]:
                del self._waiters[command_id]

    def offer(self, decision: Decision) -> None:
        """Hand a decision to those who wait for it."""
        for waiter in self._waiters.get(decision.command_id, ()):
            waiter.offer(decision)
