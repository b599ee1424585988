from datetime import datetime

from aiohttp import web
from msgspec import Struct

from sterna_api.http.action_answers import (
    CancelledBody,
    Happened,
    PausedBody,
    ResumedBody,
    happened,
)
from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.migration_bodies import (
    CancelBody,
    PauseBody,
    ResumeBody,
)
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.projections.migrations import Migrations
from sterna_core.clock import Clock
from sterna_core.journal.outcome import Outcome
from sterna_core.migration.commands import (
    CancelMigration,
    PauseMigration,
    ResumeMigration,
)


class MigrationActionRoutes:
    """`/v1/migrations/{id}/…`: what can be asked of a migration."""

    def __init__(
        self, desk: CommandDesk, migrations: Migrations, writes: ReadYourWrites, clock: Clock
    ) -> None:
        self._desk = desk
        self._migrations = migrations
        self._writes = writes
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/migrations/{migration_id}"
        return [
            web.post(f"{one}/pause", self.pause),
            web.post(f"{one}/resume", self.resume),
            web.post(f"{one}/cancel", self.cancel),
        ]

    async def pause(self, request: web.Request) -> web.Response:
        """Stop at the next checkpoint."""
        body = await read_body(request, PauseBody)
        command = PauseMigration(reason=body.reason, immediate=body.immediate)
        migration_id, outcome, what = await self._act(request, body, command)
        paused = what.status == "paused"
        message = "Migration is paused" if paused else "Migration will pause at next checkpoint"
        eta = None if paused else await self._checkpoint_eta(request, outcome)
        paused_body = PausedBody(migration_id, what.status or "pausing", message, eta)
        return answer(paused_body, headers=position_of(outcome))

    async def resume(self, request: web.Request) -> web.Response:
        """Go on from where it is."""
        body = await read_body(request, ResumeBody)
        migration_id, outcome, what = await self._act(request, body, ResumeMigration())
        resumed = ResumedBody(
            id=migration_id,
            status=what.status or "running",
            resumed_at=what.at,
            resumed_from_checkpoint=what.checkpoint_id,
        )
        return answer(resumed, headers=position_of(outcome))

    async def cancel(self, request: web.Request) -> web.Response:
        """End the migration."""
        body = await read_body(request, CancelBody)
        command = CancelMigration(reason=body.reason, rollback=body.rollback, force=body.force)
        migration_id, outcome, what = await self._act(request, body, command)
        over = what.status in {"cancelled", "rolled_back"}
        cancelled = CancelledBody(
            id=migration_id,
            status=what.status or "cancelling",
            rollback_status=what.rollback_status,
            message="Migration is cancelled" if over else "Migration cancellation in progress",
        )
        return answer(cancelled, headers=position_of(outcome))

    async def _checkpoint_eta(self, request: web.Request, outcome: Outcome) -> datetime | None:
        if not await self._writes.reach(outcome.position):
            return None
        org_id, migration_id = caller_of(request).org_id, migration_id_of(request)
        known = await self._migrations.find(org_id, migration_id)
        if known is None:
            return None
        if known.view.status == "paused":
            return known.view.updated_at  # it has come to its checkpoint meanwhile
        return known.view.pace.checkpoint_at(self._clock())

    async def _act(
        self, request: web.Request, body: Struct, command: Struct
    ) -> tuple[str, Outcome, Happened]:
        migration_id = migration_id_of(request)
        ticket = self._desk.ticket(request, body)
        outcome = await self._desk.hand_in(ticket, migration_id, command)
        what = happened(outcome.events)
        if what.status is None and await self._writes.reach(outcome.position):
            # Nothing had to change, or this is a repeat: the migration says how it is.
            known = await self._migrations.find(caller_of(request).org_id, migration_id)
            if known is not None:
                view = known.view
                rolled = view.undone.status if view.undone else "not_requested"
                what = Happened(view.status, view.phase, view.started_at, rolled)
        return migration_id, outcome, what
