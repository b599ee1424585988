"""One migration of a namespace whose executors are killed, and what must hold when it is over."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sterna_cli.client.namespace_migrations import NamespaceMigration
from sterna_cli.client.session import decoder
from sterna_cli.client.sterna import Sterna, connect
from sterna_cli.stack import Stack
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.progress import STAGES, MigrationStage
from support.faults.namespaces.plan import Kill
from support.faults.trial import kill
from support.faults.witness import Witness

OVER_SECONDS = 120.0
SHOWN_SECONDS = 20.0
PATIENCE_SECONDS = 60.0


class NamespaceTrial:
    """A migration into a fresh namespace, through the REST interface and real processes."""

    def __init__(self, stack: Stack, sterna: Sterna, migration_id: str, alias: str) -> None:
        self.stack = stack
        self.sterna = sterna
        self.migration_id = migration_id
        self.alias = alias
        self.witness = Witness(stack.embedded.kafka_bootstrap, migration_id)
        self._killed_at: list[datetime] = []
        self.drops_target = False

    async def strike(self, planned: Kill, reference: dict[MigrationStage, float]) -> None:
        """Wait for a stage, let a part of the time that it takes pass, and kill executors."""

        def begun(events: list[Any]) -> bool:
            return _is_over(events) or any(
                isinstance(each, ev.StageStarted) and each.stage == planned.stage for each in events
            )

        await self.witness.until(begun, OVER_SECONDS)
        await asyncio.sleep(planned.fraction * reference[planned.stage])
        if _is_over(self.witness.events):
            return
        self.kill(planned.victims)

    def kill(self, victims: Iterable[int]) -> None:
        """Kill executors that are there."""
        for number in victims:
            victim = self.stack.executors[number]
            if victim.pid is not None:
                kill(victim)
                self._killed_at.append(datetime.now(UTC))

    async def roll_back(self) -> None:
        """Ask for the aliases to lead back and for the target to go."""
        path = f"/v1/namespaces/migrations/{self.migration_id}/rollback"
        await self.sterna.session.post(path, {"drop_target": True}, decoder(dict[str, Any]))
        self.drops_target = True

    async def over(self) -> NamespaceMigration:
        """Wait until the migration is over; gives what is shown of it."""
        await self.witness.until(_is_over, OVER_SECONDS)
        return await self.sterna.namespace_migrations.over(self.migration_id, SHOWN_SECONDS)

    def stage_seconds(self) -> dict[MigrationStage, float]:
        """Tell how long each stage took."""
        return {
            name: (end - begin).total_seconds() for name, (begin, end) in self._stages().items()
        }

    def hits(self) -> list[MigrationStage | None]:
        """Tell for every kill in which stage it came; None where it came in none."""
        spans = self._stages().items()
        return [
            next((name for name, (begin, end) in spans if begin <= at <= end), None)
            for at in self._killed_at
        ]

    def _stages(self) -> dict[MigrationStage, tuple[datetime, datetime]]:
        begun = {each.stage: each.at for each in self.witness.of(ev.StageStarted)}
        ended = {each.stage: each.at for each in self.witness.of(ev.StageCompleted)}
        return {name: (begun[name], ended[name]) for name in STAGES if name in ended}


def _is_over(events: list[Any]) -> bool:
    return any(
        isinstance(each, ev.NamespaceMigrationCompleted | ev.NamespaceMigrationFailed)
        for each in events
    )


@asynccontextmanager
async def namespace_trial(
    stack: Stack, source: str, options: dict[str, Any]
) -> AsyncGenerator[NamespaceTrial]:
    """Start a migration of a namespace that an alias leads to; its target is removed at the end."""
    async with connect(stack.url, stack.key, patience_seconds=PATIENCE_SECONDS) as sterna:
        alias = f"live_{uuid4().hex[:8]}"
        await sterna.namespaces.point(alias, source)
        config = {"source_namespace_id": source, **options}
        made = await sterna.namespace_migrations.create(config)
        found = NamespaceTrial(stack, sterna, made.migration_id, alias)
        try:
            async with found.witness:
                await sterna.namespace_migrations.start(made.migration_id, force=True)
                yield found
        finally:
            # Whatever came of it, the migrations after it have an alias of their own each.
            await sterna.namespaces.release(alias)
        if not found.drops_target:
            shown = await sterna.namespace_migrations.get(made.migration_id)
            await sterna.namespaces.delete(shown.target_namespace_id)
