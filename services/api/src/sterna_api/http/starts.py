import asyncio
from uuid import UUID, uuid5

import msgspec
from aiohttp import web
from msgspec.structs import replace

from sterna_api.http.action_answers import StartedBody, happened
from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.command_desk import CommandDesk, Ticket, position_of
from sterna_api.http.entity_tag import wanted_digests
from sterna_api.http.migration_bodies import StartBody
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.projections.migrations import Migrations
from sterna_core.errors import Rejected
from sterna_core.migration.check_view import CheckView
from sterna_core.migration.commands import StartMigration
from sterna_core.migration.review_commands import CheckPlan
from sterna_core.migration.reviewing import spoken
from sterna_core.migration.view import MigrationView

CHECK_SECONDS = 10.0
"""How long a start waits for the comparison of its plan with the source.

Without an answer by then it starts: the comparison is made again before anything is written.
"""
_POLL_SECONDS = 0.05


class StartRoutes:
    """`/v1/migrations/{id}/start`: carry out a plan that is still true, or rehearse it."""

    def __init__(
        self,
        desk: CommandDesk,
        migrations: Migrations,
        writes: ReadYourWrites,
        *,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._desk = desk
        self._migrations = migrations
        self._writes = writes
        self._check_seconds = check_seconds

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.post("/v1/migrations/{migration_id}/start", self.start)]

    async def start(self, request: web.Request) -> web.Response:
        """Carry out the plan, once it was compared with the source as it is now."""
        body = await read_body(request, StartBody)
        body.refuse_contradiction()
        migration_id = migration_id_of(request)
        ticket = self._desk.ticket(request, body)
        digests = wanted_digests(request)
        check = CheckPlan(
            rehearsal=body.dry_run, skip_approval=body.skip_approval, plan_digests=digests
        )
        if body.dry_run:
            return await self._rehearse(ticket, migration_id, check)
        if body.start_from_phase is None:
            await self._check(ticket, migration_id, check)
        command = StartMigration(
            skip_approval=body.skip_approval,
            plan_digests=digests,
            start_from_phase=body.start_from_phase,
        )
        outcome = await self._desk.hand_in(ticket, migration_id, command)
        what = happened(outcome.events)
        status, phase, at = what.status, what.phase, what.at
        if status is None and await self._writes.reach(outcome.position):
            view = await self._view(ticket, migration_id)
            if view is not None:
                status, phase, at = view.status, view.phase, view.started_at
        started = StartedBody(
            id=migration_id,
            status=status or "running",
            phase=phase,
            started_at=at,
            message="Migration started successfully",
        )
        return answer(started, headers=position_of(outcome))

    async def _check(self, ticket: Ticket, migration_id: str, check: CheckPlan) -> None:
        """Compare the plan with the source; raises Rejected where it is not true any more."""
        # The one request leads to two commands, and a repeat of it to the same two.
        own = replace(ticket, command_id=str(uuid5(UUID(ticket.command_id), "check")))
        outcome = await self._desk.hand_in(own, migration_id, check)
        found = await self._finished(ticket, migration_id, outcome.position)
        if found is None or found.status == "running":
            return
        if found.status == "failed":
            raise Rejected(found.code or "plan_not_ready", found.message or "")
        if found.differences:
            raise Rejected(
                "plan_not_ready",
                f"The source is not what was planned: {spoken(found.differences)}. Nothing was"
                " started; resume to plan again.",
                {"differences": msgspec.to_builtins(found.differences)},
            )

    async def _rehearse(self, ticket: Ticket, migration_id: str, check: CheckPlan) -> web.Response:
        outcome = await self._desk.hand_in(ticket, migration_id, check)
        await self._finished(ticket, migration_id, outcome.position)
        view = await self._view(ticket, migration_id)
        found = view.dry_run if view else None
        over = found is not None and found.status != "running"
        rehearsed = StartedBody(
            id=migration_id,
            status=view.status if view else "approved",
            phase=view.phase if view else None,
            started_at=None,
            message=(
                "Dry run finished; nothing was written"
                if over
                else "Dry run under way; the migration shows its result under dry_run"
            ),
            dry_run=found if found is not None else msgspec.UNSET,
        )
        return answer(rehearsed, headers=position_of(outcome))

    async def _finished(self, ticket: Ticket, migration_id: str, position: str) -> CheckView | None:
        """Give the check that was asked for once it is over, or as it is when time is up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._check_seconds
        if not await self._writes.reach(position):
            return None
        while True:
            view = await self._view(ticket, migration_id)
            check = view.check if view else None
            if check is None or check.status != "running" or loop.time() > deadline:
                return check
            await asyncio.sleep(_POLL_SECONDS)

    async def _view(self, ticket: Ticket, migration_id: str) -> MigrationView | None:
        known = await self._migrations.find(ticket.caller.org_id, migration_id)
        return known.view if known else None
