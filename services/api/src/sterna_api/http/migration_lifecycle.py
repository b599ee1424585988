from typing import Any

import msgspec
from aiohttp import web
from msgspec import UNSET, Struct

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.lifecycle_answers import (
    CheckpointShown,
    DeletedBody,
    RestoredBody,
    RollbackBegun,
    show_rollback,
    show_status,
)
from sterna_api.http.lifecycle_bodies import (
    CheckpointBody,
    DeleteQuery,
    EditMigrationBody,
    RestoreBody,
    RollbackBody,
)
from sterna_api.http.migration_answers import show_migration
from sterna_api.http.migration_bodies import choices_of
from sterna_api.http.migrations import PartyFinder, migration_id_of
from sterna_api.http.paging import PageQuery, page_body
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.http.validation_bodies import refuse_unsafe
from sterna_api.projections.checkpoints import Checkpoints, KnownCheckpoint
from sterna_api.projections.migrations import KnownMigration, Migrations
from sterna_core.clock import Clock
from sterna_core.journal.outcome import Outcome
from sterna_core.migration.checkpoint import (
    CheckpointRecorded,
    CreateCheckpoint,
    RestoreCheckpoint,
)
from sterna_core.migration.deletion import DeleteMigration
from sterna_core.migration.notifications import Notifications
from sterna_core.migration.revision import EditMigration
from sterna_core.migration.undo import RollBackMigration
from sterna_core.notice.commands import NoticeChannel


class MigrationLifecycleRoutes:
    """`/v1/migrations/{id}`: change, mark, undo and delete it, and see how it goes."""

    def __init__(
        self,
        desk: CommandDesk,
        migrations: Migrations,
        checkpoints: Checkpoints,
        parties: PartyFinder,
        writes: ReadYourWrites,
        clock: Clock,
        *,
        message_channels: frozenset[NoticeChannel],
    ) -> None:
        self._message_channels = message_channels
        self._desk = desk
        self._migrations = migrations
        self._checkpoints = checkpoints
        self._parties = parties
        self._writes = writes
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/migrations/{migration_id}"
        return [
            web.patch(one, self.edit),
            web.delete(one, self.delete),
            web.get(f"{one}/status", self.status, allow_head=False),
            web.get(f"{one}/checkpoints", self.checkpoints, allow_head=False),
            web.post(f"{one}/checkpoints", self.create_checkpoint),
            web.post(f"{one}/restore", self.restore),
            web.post(f"{one}/rollback", self.roll_back),
            web.get(f"{one}/rollback/status", self.rollback_status, allow_head=False),
        ]

    async def edit(self, request: web.Request) -> web.Response:
        """Change a migration before it is started."""
        body = await read_body(request, EditMigrationBody)
        if body.options is not UNSET and body.options.validation is not UNSET:
            refuse_unsafe(body.options.validation)
        ticket = self._desk.ticket(request, body)
        known = await self._find(request)
        command = await self._edit_of(body, known, ticket.caller.org_id)
        outcome = await self._desk.hand_in(ticket, known.migration_id, command)
        await self._writes.reach(outcome.position)
        changed = show_migration(await self._find(request), self._clock())
        return answer(changed, headers=position_of(outcome))

    async def _edit_of(
        self, body: EditMigrationBody, known: KnownMigration, org_id: str
    ) -> EditMigration:
        given: dict[str, Any] = {}
        selection: dict[str, Any] = {}
        if body.source is not UNSET:
            if body.source.connection_id is not UNSET:
                given["source"] = await self._parties.find(
                    org_id, body.source.connection_id, "source"
                )
            if body.source.schemas is not UNSET:
                selection["schemas"] = tuple(body.source.schemas)
            if body.source.exclude_tables is not UNSET:
                selection["exclude_tables"] = tuple(body.source.exclude_tables)
        if body.target is not UNSET:
            if body.target.connection_id is not UNSET:
                given["target"] = await self._parties.find(
                    org_id, body.target.connection_id, "target"
                )
            if body.target.schema is not UNSET:
                selection["target_schema"] = body.target.schema
            if body.target.columns is not UNSET:
                selection["choices"] = choices_of(body.target.columns)
        if body.notifications is not UNSET:
            asked = body.notifications
            wanted = asked.checked(self._message_channels) if asked is not None else None
            given["notifications"] = wanted or Notifications()
        if selection:
            old = known.view.about.selection
            given["selection"] = msgspec.structs.replace(old, **selection)
        return EditMigration(
            name=None if body.name is UNSET else body.name,
            description=None if body.description is UNSET else body.description,
            options=None if body.options is UNSET else msgspec.to_builtins(body.options),
            **given,
        )

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a migration that is not at work."""
        query = read_query(request, DeleteQuery)
        command = DeleteMigration(keep_logs=query.keep_logs, keep_metrics=query.keep_metrics)
        migration_id, outcome = await self._act(request, query, command)
        deleted = DeletedBody(
            id=migration_id,
            deleted=True,
            logs_retained=query.keep_logs,
            metrics_retained=query.keep_metrics,
        )
        return answer(deleted, headers=position_of(outcome))

    async def status(self, request: web.Request) -> web.Response:
        """Show a migration in short."""
        return answer(show_status(await self._find(request), self._clock()))

    async def checkpoints(self, request: web.Request) -> web.Response:
        """List what a run was at some moments, the newest first."""
        query = read_query(request, PageQuery)
        known = await self._find(request)
        page = await self._checkpoints.page(
            caller_of(request).org_id, known.migration_id, limit=query.limit, offset=query.offset
        )
        return answer(
            page_body(list(page.items), total=page.total, limit=page.limit, offset=page.offset)
        )

    async def create_checkpoint(self, request: web.Request) -> web.Response:
        """Put on record how far a run is."""
        body = await read_body(request, CheckpointBody)
        migration_id, outcome = await self._act(request, body, CreateCheckpoint(reason=body.reason))
        made = next((e for e in outcome.events if isinstance(e, CheckpointRecorded)), None)
        if made is None:
            before = await self._made_before(request, migration_id, outcome)
            return answer(before, status=201, headers=position_of(outcome))
        shown = CheckpointShown(
            id=made.checkpoint_id,
            timestamp=made.at,
            type=made.kind,
            phase=made.phase,
            reason=made.reason,
            records_completed=made.rows,
            size_bytes=made.bytes,
        )
        return answer(shown, status=201, headers=position_of(outcome))

    async def restore(self, request: web.Request) -> web.Response:
        """Let a run be what it was at a checkpoint."""
        body = await read_body(request, RestoreBody)
        command = RestoreCheckpoint(checkpoint_id=body.checkpoint_id)
        migration_id, outcome = await self._act(request, body, command)
        status, _ = await self._standing(request, outcome)
        restored = RestoredBody(
            id=migration_id,
            status=status,
            restored_to_checkpoint=body.checkpoint_id,
            message=(
                "What came after this checkpoint is being taken back; then the migration is paused"
                if status == "rolling_back"
                else "This request was carried out before; nothing more was done"
                if outcome.repeated
                else "Nothing was done: nothing has come after this checkpoint, the run stands there"
            ),
        )
        return answer(restored, headers=position_of(outcome))

    async def roll_back(self, request: web.Request) -> web.Response:
        """Undo a migration that is not at work."""
        body = await read_body(request, RollbackBody)
        body.refuse_contradiction()
        command = RollBackMigration(
            strategy=body.strategy,
            verify=body.verify_after,
            reason=body.reason,
            scope=body.scope,
            phase=body.phase,
            tables=tuple(body.tables),
        )
        migration_id, outcome = await self._act(request, body, command)
        status, rollback_status = await self._standing(request, outcome)
        begun = RollbackBegun(
            id=migration_id,
            status=status,
            rollback_status=rollback_status,
            strategy=body.strategy,
            scope=body.scope,
            message=(
                "Rollback in progress"
                if status == "rolling_back"
                else "This request was carried out before; nothing more was done"
                if outcome.repeated
                else "Nothing was done: the migration is rolled back already"
                if body.scope == "all"
                else "Nothing was done: there is nothing to take back"
            ),
        )
        return answer(begun, headers=position_of(outcome))

    async def rollback_status(self, request: web.Request) -> web.Response:
        """Show how the last rollback goes, or went."""
        return answer(show_rollback(await self._find(request), self._clock()))

    async def _made_before(
        self, request: web.Request, migration_id: str, outcome: Outcome
    ) -> KnownCheckpoint:
        """Find the checkpoint that the first of repeated requests has made; raises NotFound."""
        org_id = caller_of(request).org_id
        await self._writes.catch_up_with(org_id, migration_id)
        known = await self._checkpoints.made_at(org_id, migration_id, outcome.first_sequence or 0)
        if known is None:
            raise not_found("checkpoint")
        return known

    async def _standing(self, request: web.Request, outcome: Outcome) -> tuple[str, str]:
        """Say how the migration and its rollback stand after it was asked for, or for nothing."""
        if outcome.events:
            return "rolling_back", "initiated"
        await self._writes.reach(outcome.position)
        view = (await self._find(request)).view
        if view.status == "rolling_back":
            return view.status, "initiated"
        last = view.undone if outcome.repeated else None
        return view.status, last.status if last is not None else "completed"

    async def _act(
        self, request: web.Request, body: Struct, command: Struct
    ) -> tuple[str, Outcome]:
        migration_id = migration_id_of(request)
        ticket = self._desk.ticket(request, body)
        return migration_id, await self._desk.hand_in(ticket, migration_id, command)

    async def _find(self, request: web.Request) -> KnownMigration:
        known = await self._migrations.find(caller_of(request).org_id, migration_id_of(request))
        if known is None:
            raise not_found("migration")
        return known
