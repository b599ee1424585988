import structlog
from aiohttp import web
from msgspec import UNSET

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, Ticket, position_of
from sterna_api.http.migration_webhooks import MigrationWebhooks
from sterna_api.http.namespace_migration_answers import (
    CancelMigrationResponse,
    CreateMigrationResponse,
    HaltResponse,
    ListMigrationsResponse,
    StartMigrationResponse,
    ValidateMigrationResponse,
    show_namespace_migration,
    without_queries,
)
from sterna_api.http.namespace_migration_bodies import (
    CancelMigrationRequest,
    CreateMigrationRequest,
    ListMigrationsRequest,
    PauseMigrationRequest,
    ResumeMigrationRequest,
    StartMigrationRequest,
    ValidateMigrationRequest,
)
from sterna_api.http.namespace_starts import Look, NamespaceStarts
from sterna_api.http.namespace_targets import Drafted
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found, resource_id
from sterna_api.projections.namespace_migrations import (
    NamespaceMigrationFilter,
    NamespaceMigrations,
)
from sterna_core import ids
from sterna_core.clock import Clock
from sterna_core.errors import InvalidRequest, SternaError
from sterna_core.journal.outcome import Outcome
from sterna_core.namespace_migration.commands import (
    CancelNamespaceMigration,
    Command,
    CreateNamespaceMigration,
    DeleteNamespaceMigration,
    PauseNamespaceMigration,
    ResumeNamespaceMigration,
)
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.events import (
    NamespaceMigrationCancelled,
    NamespaceMigrationCreated,
    NamespaceMigrationStarted,
)
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.view import NamespaceMigrationView, task_of

_log = structlog.get_logger(__name__)
_NOUN = "namespace_migration"
_ALL = "/v1/namespaces/migrations"
_ONE = f"{_ALL}/{{namespace_migration_id}}"


class NamespaceMigrationRoutes:
    """`/v1/namespaces/migrations`."""

    def __init__(
        self,
        desk: CommandDesk,
        migrations: NamespaceMigrations,
        starts: NamespaceStarts,
        webhooks: MigrationWebhooks,
        writes: ReadYourWrites,
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._migrations = migrations
        self._starts = starts
        self._webhooks = webhooks
        self._writes = writes
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [
            web.post(f"{_ALL}/", self.create),
            web.post(f"{_ALL}/validate", self.validate),
            web.post(f"{_ALL}/list", self.list),
            web.get(_ONE, self.show, allow_head=False),
            web.post(f"{_ONE}/start", self.start),
            web.post(f"{_ONE}/pause", self.pause),
            web.post(f"{_ONE}/resume", self.resume),
            web.post(f"{_ONE}/cancel", self.cancel),
            web.delete(_ONE, self.delete),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Keep what is to be done, and begin where that was asked for and nothing is against it."""
        body = await read_body(request, CreateMigrationRequest)
        self._webhooks.check(body.config)
        ticket = self._desk.ticket(request, body)
        org_id, config = ticket.caller.org_id, body.config
        migration_id = ticket.new_id(ids.NAMESPACE_MIGRATION)
        look = await self._starts.measured(org_id, config)
        source, found = look.source, look.found
        target = look.target or _new_target(config, look, migration_id)
        command = CreateNamespaceMigration(
            config=config,
            source=source.place,
            target=target,
            result=found.result,
            graph=found.graph,
        )
        webhook = await self._webhooks.create(ticket, migration_id, config)
        outcome = await self._starts.hand_in(ticket, migration_id, command)
        times = [each.at for each in outcome.events if isinstance(each, NamespaceMigrationCreated)]
        status, message = "draft", "Migration created as a draft; start it to carry it out"
        if body.start_immediately:
            try:
                drafted = Drafted(migration_id, target, found.result.estimates)
                outcome = await self._starts.start(ticket, drafted, config, force=False)
                status, message = "pending", "Migration created and started"
            except InvalidRequest as refused:
                message = f"Migration created as a draft and not started: {refused.message}"
            except SternaError as error:
                # The draft is there, and nobody else would tell its id.
                _log.warning("namespace_migration.not_started", id=migration_id, code=error.code)
                message = f"Migration created; see whether it has started: {error.message}"
        created = CreateMigrationResponse(
            migration_id=migration_id,
            status="pending" if status == "pending" else "draft",
            validation_result=found.result,
            created_at=times[0] if times else ticket.now,
            message=message,
            webhook=webhook or UNSET,
        )
        return answer(created, status=201, headers=position_of(outcome))

    async def validate(self, request: web.Request) -> web.Response:
        """Say what a migration would meet; nothing is made."""
        body = await read_body(request, ValidateMigrationRequest)
        self._webhooks.check(body.config)
        look = await self._starts.measured(caller_of(request).org_id, body.config)
        found, result = look.found, look.found.result
        message = "Nothing stands against this migration"
        if not result.valid:
            message = f"The migration cannot be done as it is: {len(result.errors)} errors"
        elif result.warnings:
            message = f"The migration can be done with force: {len(result.warnings)} warnings"
        validated = ValidateMigrationResponse(
            validation_result=result, dependency_graph=found.graph, message=message
        )
        return answer(validated)

    async def list(self, request: web.Request) -> web.Response:
        """List the organisation's namespace migrations, newest first."""
        body = await read_body(request, ListMigrationsRequest)
        page = await self._migrations.page(
            caller_of(request).org_id,
            NamespaceMigrationFilter(
                status=body.status,
                migration_type=body.migration_type,
                source_namespace_id=body.source_namespace_id,
            ),
            limit=body.limit,
            offset=body.offset,
        )
        now = self._clock()
        listed = ListMigrationsResponse(
            results=tuple(
                show_namespace_migration(without_queries(view), now) for view in page.items
            ),
            total=page.total,
            limit=page.limit,
            offset=page.offset,
        )
        return answer(listed)

    async def show(self, request: web.Request) -> web.Response:
        """Show one migration."""
        view = await self._migrations.find(caller_of(request).org_id, _id_of(request))
        if view is None:
            raise not_found(_NOUN)
        return answer(show_namespace_migration(view, self._clock()))

    async def start(self, request: web.Request) -> web.Response:
        """Carry out a draft."""
        body = await read_body(request, StartMigrationRequest)
        ticket, migration_id = self._desk.ticket(request, body), _id_of(request)
        view = await self._view(ticket, migration_id)
        drafted = Drafted(migration_id, view.target, view.result.estimates)
        outcome = await self._starts.start(ticket, drafted, view.config, force=body.force)
        times = [each.at for each in outcome.events if isinstance(each, NamespaceMigrationStarted)]
        status, started_at = view.status, times[0] if times else view.started_at
        if times:
            status = "pending"
        elif await self._writes.reach(outcome.position):
            view = await self._view(ticket, migration_id)
            status, started_at = view.status, view.started_at
        started = StartMigrationResponse(
            migration_id=migration_id,
            status=status,
            task_id=task_of(migration_id),
            started_at=started_at or ticket.now,
            message="Migration started successfully",
        )
        return answer(started, headers=position_of(outcome))

    async def pause(self, request: web.Request) -> web.Response:
        """Give out no more work."""
        body = await read_body(request, PauseMigrationRequest)
        command = PauseNamespaceMigration(reason=body.reason, immediate=body.immediate)
        return await self._halt(request, body, command, "Migration is paused")

    async def resume(self, request: web.Request) -> web.Response:
        """Go on."""
        body = await read_body(request, ResumeMigrationRequest)
        command = ResumeNamespaceMigration(accept_benchmark=body.accept_benchmark)
        return await self._halt(request, body, command, "Migration goes on")

    async def cancel(self, request: web.Request) -> web.Response:
        """End it."""
        body = await read_body(request, CancelMigrationRequest)
        ticket, migration_id = self._desk.ticket(request, body), _id_of(request)
        command = CancelNamespaceMigration(reason=body.reason)
        outcome = await self._starts.hand_in(ticket, migration_id, command)
        times = [
            each.at for each in outcome.events if isinstance(each, NamespaceMigrationCancelled)
        ]
        cancelled_at = times[0] if times else None
        if cancelled_at is None and await self._writes.reach(outcome.position):
            cancelled_at = (await self._view(ticket, migration_id)).completed_at
        cancelled = CancelMigrationResponse(
            migration_id=migration_id,
            status="cancelled",
            cancelled_at=cancelled_at or ticket.now,
            message="Migration cancelled; the source is as it was",
        )
        return answer(cancelled, headers=position_of(outcome))

    async def delete(self, request: web.Request) -> web.Response:
        """Forget a migration that is not at work."""
        ticket, migration_id = self._desk.ticket(request), _id_of(request)
        known = await self._migrations.find(ticket.caller.org_id, migration_id)
        outcome = await self._starts.hand_in(ticket, migration_id, DeleteNamespaceMigration())
        if known is None or known.config.webhook_url is not None:
            await self._webhooks.delete(ticket, migration_id)
        return web.Response(status=204, headers=position_of(outcome))

    async def _halt(
        self,
        request: web.Request,
        body: PauseMigrationRequest | ResumeMigrationRequest,
        command: Command,
        message: str,
    ) -> web.Response:
        ticket, migration_id = self._desk.ticket(request, body), _id_of(request)
        outcome = await self._starts.hand_in(ticket, migration_id, command)
        view = await self._written(ticket, migration_id, outcome)
        halted = HaltResponse(migration_id=migration_id, status=view.status, message=message)
        return answer(halted, headers=position_of(outcome))

    async def _written(
        self, ticket: Ticket, migration_id: str, outcome: Outcome
    ) -> NamespaceMigrationView:
        await self._writes.reach(outcome.position)
        return await self._view(ticket, migration_id)

    async def _view(self, ticket: Ticket, migration_id: str) -> NamespaceMigrationView:
        """Give a migration that may have been created only just now; raises NotFound."""
        org_id = ticket.caller.org_id
        view = await self._migrations.find(org_id, migration_id)
        if view is None:
            await self._writes.catch_up_with(org_id, migration_id)
            view = await self._migrations.find(org_id, migration_id)
        if view is None:
            raise not_found(_NOUN)
        return view


def _id_of(request: web.Request) -> str:
    return resource_id(
        request, name="namespace_migration_id", prefix=ids.NAMESPACE_MIGRATION, noun=_NOUN
    )


def _new_target(config: MigrationConfig, look: Look, migration_id: str) -> Place:
    """Give the namespace that is to be made, in the store of its source."""
    source = look.source.place
    target_id = config.target_namespace_id or ids.derived_id(ids.VECTOR_NAMESPACE, migration_id)
    return Place(
        namespace_id=target_id,
        store=source.store,
        name=config.target_namespace_name or f"{source.name[:60]}-{target_id[-12:]}",
        extractors=look.extractors,
    )
