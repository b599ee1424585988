import asyncio
from collections.abc import Awaitable, Callable

from sterna_cli.client.answers import Migration
from sterna_cli.client.failure import ApiFailure
from sterna_cli.client.measures import TableMeasure
from sterna_cli.client.migrations import Migrations
from sterna_cli.client.stream import LogEntry
from sterna_cli.console.progress import ProgressView
from sterna_cli.migrate.interrupts import Interrupts

LOOK_SECONDS = 0.5
_REMARKED_LEVELS = frozenset({"warning", "error"})
_RESTING = frozenset({"paused", "plan_ready", "approved"})

Remark = Callable[[str], None]
OnLook = Callable[[Migration, Remark], Awaitable[None]]
"""Called with each look at the migration, and with something to print a line by."""


class Watch:
    """Shows a migration's progress and its warnings until it rests or is over."""

    def __init__(
        self,
        migrations: Migrations,
        view: ProgressView,
        interrupts: Interrupts,
        *,
        on_look: OnLook | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._migrations = migrations
        self._view = view
        self._interrupts = interrupts
        self._on_look = on_look
        self._look_seconds = look_seconds
        self._has_metrics = True
        self._pause_asked = False
        self._stop_explained = False

    async def until_rest(self, migration_id: str) -> Migration:
        """Give the migration when it is paused, over, or waits for somebody.

        At the first Ctrl-C the migration is paused, and watched until it is.
        """
        async with asyncio.TaskGroup() as tasks:
            remarks = tasks.create_task(self._remark(migration_id))
            try:
                return await self._look(migration_id)
            finally:
                remarks.cancel()

    async def _look(self, migration_id: str) -> Migration:
        while True:
            migration = await self._migrations.get(migration_id)
            self._view.show(migration, await self._tables(migration))
            if migration.is_over or migration.status in _RESTING:
                return migration
            self._explain_stop(migration)
            if self._on_look is not None:
                await self._on_look(migration, self._view.remark)
            if self._interrupts.asked.is_set() and not self._pause_asked:
                await self._pause(migration_id)
            await self._rest()

    def _explain_stop(self, migration: Migration) -> None:
        if migration.phase == "syncing" and not self._stop_explained:
            self._stop_explained = True
            self._view.remark(
                "The copy is done and is kept up to date from now on. To finish it:"
                f" sterna migrations stop {migration.id}"
            )

    async def _rest(self) -> None:
        if self._pause_asked:
            await asyncio.sleep(self._look_seconds)
            return
        try:
            async with asyncio.timeout(self._look_seconds):
                await self._interrupts.asked.wait()
        except TimeoutError:
            pass

    async def _pause(self, migration_id: str) -> None:
        self._pause_asked = True
        self._view.remark("Pausing at the next checkpoint; press Ctrl-C again to leave at once")
        try:
            await self._migrations.pause(migration_id, reason="interrupted at the terminal")
        except ApiFailure as failure:
            if failure.code != "invalid_state":
                raise  # else it has ended or is pausing already, which the next look tells

    async def _tables(self, migration: Migration) -> tuple[TableMeasure, ...]:
        if not self._has_metrics or migration.phase != "data_transfer":
            return ()
        try:
            return (await self._migrations.metrics(migration.id)).by_table
        except ApiFailure as failure:
            if failure.status != 404:
                raise
            self._has_metrics = False
            return ()

    async def _remark(self, migration_id: str) -> None:
        async with self._migrations.follow(migration_id, {}) as stream:
            while (entry := await stream.next_entry()) is not None:
                if isinstance(entry, LogEntry) and entry.level in _REMARKED_LEVELS:
                    self._view.remark(f"{entry.level}: {entry.message}")
