from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.other_migrations import refuse_circle, refuse_unknown_others
from sterna_api.http.problem import Location
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.http.schedule_answers import show_schedule
from sterna_api.http.schedule_bodies import (
    ScheduleBody,
    ScheduleChangeBody,
    changes_of,
    schedule_of,
)
from sterna_api.projections.migrations import Migrations
from sterna_core.clock import Clock
from sterna_core.journal.outcome import Outcome
from sterna_core.migration.agenda import Agenda
from sterna_core.migration.schedule_commands import ChangeSchedule, RemoveSchedule, SetSchedule
from sterna_core.migration.schedule_events import ScheduleSet
from sterna_core.schedule.schedule import Schedule

_BODY: Location = ("body",)


class ScheduleRoutes:
    """`/v1/migrations/{id}/schedule`: when a migration works."""

    def __init__(
        self, desk: CommandDesk, migrations: Migrations, writes: ReadYourWrites, clock: Clock
    ) -> None:
        self._desk = desk
        self._migrations = migrations
        self._writes = writes
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        path = "/v1/migrations/{migration_id}/schedule"
        return [
            web.get(path, self.show, allow_head=False),
            web.post(path, self.set),
            web.patch(path, self.change),
            web.delete(path, self.remove),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Show when a migration works."""
        migration_id = migration_id_of(request)
        known = await self._migrations.find(caller_of(request).org_id, migration_id)
        if known is None:
            raise not_found("migration")
        agenda = known.view.about.agenda
        if agenda.schedule is None:
            raise not_found("schedule")
        return answer(
            show_schedule(migration_id, agenda.schedule, agenda, known.view.status, self._clock())
        )

    async def set(self, request: web.Request) -> web.Response:
        """Say when a migration works, in place of what was said before."""
        migration_id = migration_id_of(request)
        body = await read_body(request, ScheduleBody)
        ticket = self._desk.ticket(request, body)
        schedule = schedule_of(body, loc=_BODY)
        await refuse_unknown_others(
            self._migrations, self._writes, ticket.caller.org_id, schedule, _BODY
        )
        await refuse_circle(self._desk, ticket, migration_id, schedule)
        outcome = await self._desk.hand_in(ticket, migration_id, SetSchedule(schedule=schedule))
        return await self._answer(request, outcome, schedule, status=201)

    async def change(self, request: web.Request) -> web.Response:
        """Change the parts of a schedule that are given."""
        migration_id = migration_id_of(request)
        body = await read_body(request, ScheduleChangeBody)
        ticket = self._desk.ticket(request, body)
        changes = changes_of(body, loc=_BODY)
        await refuse_unknown_others(
            self._migrations, self._writes, ticket.caller.org_id, Schedule(**changes), _BODY
        )
        await refuse_circle(self._desk, ticket, migration_id, Schedule(**changes))
        outcome = await self._desk.hand_in(ticket, migration_id, ChangeSchedule(**changes))
        return await self._answer(request, outcome, Schedule(**changes), status=200)

    async def remove(self, request: web.Request) -> web.Response:
        """Forget a schedule."""
        migration_id = migration_id_of(request)
        ticket = self._desk.ticket(request)
        outcome = await self._desk.hand_in(ticket, migration_id, RemoveSchedule())
        return answer(DeletedBody(migration_id, deleted=True), headers=position_of(outcome))

    async def _answer(
        self, request: web.Request, outcome: Outcome, given: Schedule, *, status: int
    ) -> web.Response:
        migration_id, now = migration_id_of(request), self._clock()
        set_to = next((e.schedule for e in outcome.events if isinstance(e, ScheduleSet)), None)
        schedule, agenda, stands = set_to or given, Agenda(schedule=set_to or given), None
        if await self._writes.reach(outcome.position):
            known = await self._migrations.find(caller_of(request).org_id, migration_id)
            if known is not None and known.view.about.agenda.schedule is not None:
                agenda, stands = known.view.about.agenda, known.view.status
                schedule = set_to or known.view.about.agenda.schedule
        shown = show_schedule(migration_id, schedule, agenda, stands, now)
        return answer(shown, status=status, headers=position_of(outcome))
