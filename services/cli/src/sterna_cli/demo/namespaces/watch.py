import asyncio
import os
import signal
import time
from collections.abc import Sequence

from sterna_cli.client.failure import ApiUnreachable
from sterna_cli.client.namespace_migrations import NamespaceMigration, StageProgress
from sterna_cli.client.sterna import Sterna
from sterna_cli.client.stream import LogEntry
from sterna_cli.console.quantities import count
from sterna_cli.console.terminal import Terminal
from sterna_cli.embedded import SupervisedProcess
from sterna_core.group_error import foremost

_HALF = 0.5
_MOVING = "batch_processing"
_LOOK_SECONDS = 0.1
_UNSAID = ("Batch ", "Resource ", "Exact searches compared", "Stage completed")
_WITHIN_SECONDS = 600.0


class Watch:
    """Shows a namespace migration until it is over, and kills an executor half-way.

    The supervisor starts it again, as systemd or Kubernetes would.
    """

    def __init__(
        self, sterna: Sterna, terminal: Terminal, executors: Sequence[SupervisedProcess]
    ) -> None:
        self._sterna = sterna
        self._terminal = terminal
        self._executors = executors
        self.has_killed = False
        self._began = time.monotonic()

    async def until_over(self, migration_id: str) -> NamespaceMigration:
        """Give the migration when it is over; raises ApiFailure and ApiUnreachable."""
        try:
            async with asyncio.timeout(_WITHIN_SECONDS), asyncio.TaskGroup() as group:
                group.create_task(self._follow(migration_id))
                looking = group.create_task(self._look(migration_id))
        except TimeoutError:
            raise ApiUnreachable(
                f"the migration was not over within {_WITHIN_SECONDS:.0f} s",
                code="migration_unfinished",
            ) from None
        except BaseExceptionGroup as group_error:
            raise foremost(group_error) from None
        return looking.result()

    async def _follow(self, migration_id: str) -> None:
        """Say what is logged, but for batches and single resources."""
        async with self._sterna.namespace_migrations.follow(migration_id) as entries:
            while (entry := await entries.next_entry()) is not None:
                if not isinstance(entry, LogEntry):
                    continue
                if entry.level == "info" and entry.message.startswith(_UNSAID):
                    continue
                since = time.monotonic() - self._began
                self._terminal.say(f"  {since:5.1f} s  {entry.level:<7} {_line(entry)}")

    async def _look(self, migration_id: str) -> NamespaceMigration:
        while True:
            found = await self._sterna.namespace_migrations.get(migration_id)
            if found.is_over:
                return found
            moving = next((each for each in found.progress.stages if each.stage == _MOVING), None)
            if moving is not None and moving.items_completed >= _HALF * moving.items_total > 0:
                self._kill(moving)
            await asyncio.sleep(_LOOK_SECONDS)

    def _kill(self, moving: StageProgress) -> None:
        victim = self._executors[0]
        if self.has_killed or victim.pid is None or moving.status == "completed":
            return
        os.kill(victim.pid, signal.SIGKILL)
        self.has_killed = True
        self._terminal.say(
            f"  SIGKILL to {victim.name} (pid {victim.pid}) with {count(moving.items_completed)} of"
            f" {count(moving.items_total)} documents moved",
            "bold",
        )


def _line(entry: LogEntry) -> str:
    return entry.message if entry.resource is None else f"{entry.resource}: {entry.message}"
