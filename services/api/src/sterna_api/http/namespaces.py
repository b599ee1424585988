from uuid import UUID, uuid5

import structlog
from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, Ticket, position_of
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.feature_extractors import ExtractorFinder
from sterna_api.http.namespace_bodies import (
    CreateNamespaceBody,
    DeleteNamespaceQuery,
    NamespacesQuery,
    show_namespace,
    show_namespace_line,
)
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.http.namespace_stores import StoreFinder
from sterna_api.http.paging import page_body
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.projections.namespaces import KnownNamespace, Namespaces
from sterna_core import ids
from sterna_core.artifacts.store import ArtifactStore
from sterna_core.errors import Rejected, Transient
from sterna_core.namespace.commands import CreateNamespace, DeleteNamespace
from sterna_core.namespace.events import NamespaceCreated
from sterna_core.namespace.place import place_of_name
from sterna_core.namespace.view import NamespaceView
from sterna_core.namespace_name.commands import ClaimName, ReleaseName

_log = structlog.get_logger(__name__)


class NamespaceMaking(Struct, frozen=True):
    """What is looked up for a namespace that is to be made."""

    stores: StoreFinder
    extractors: ExtractorFinder


class NamespaceRoutes:
    """`/v1/namespaces`."""

    def __init__(
        self,
        desk: CommandDesk,
        namespaces: Namespaces,
        finder: NamespaceFinder,
        making: NamespaceMaking,
        spaces: NamespaceSpaces,
        artifacts: ArtifactStore,
        writes: ReadYourWrites,
    ) -> None:
        self._desk = desk
        self._namespaces = namespaces
        self._finder = finder
        self._making = making
        self._spaces = spaces
        self._artifacts = artifacts
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/namespaces/{namespace_id}"
        return [
            web.post("/v1/namespaces", self.create),
            web.get("/v1/namespaces", self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
            web.delete(one, self.delete),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Make a namespace by a name that no other has."""
        body = await read_body(request, CreateNamespaceBody)
        body.check()
        ticket = self._desk.ticket(request, body)
        org_id = ticket.caller.org_id
        namespace_id = ticket.new_id(ids.VECTOR_NAMESPACE)
        command = CreateNamespace(
            name=body.name,
            by=ticket.caller.key_id,
            description=body.description,
            store=await self._making.stores.place(org_id, body.store),
            feature_extractors=await self._making.extractors.extractors(body.feature_extractors),
        )
        claim = ClaimName(namespace_id=namespace_id, namespace=command)
        if body.adopt is not None:
            adoption = body.adopt.adoption(command.feature_extractors)
            await self._spaces.adopt(command.store, namespace_id, adoption)
        try:
            await self._desk.hand_in(_for_name(ticket), place_of_name(org_id, body.name), claim)
        except Rejected:
            if body.adopt is not None:
                await self._spaces.drop(command.store, namespace_id)
            raise
        outcome = await self._desk.hand_in(ticket, namespace_id, command)
        created = [event for event in outcome.events if isinstance(event, NamespaceCreated)]
        if created:
            known = KnownNamespace(namespace_id, NamespaceView.of(created[0]))
        else:
            known = await self._finder.named(org_id, namespace_id)
        shown = show_namespace(known, {}, ())
        return answer(shown, status=201, headers=position_of(outcome))

    async def list(self, request: web.Request) -> web.Response:
        """List the organisation's namespaces, newest first."""
        query = read_query(request, NamespacesQuery)
        page = await self._namespaces.page(
            caller_of(request).org_id, query.name, limit=query.limit, offset=query.offset
        )
        shown = [show_namespace_line(known) for known in page.items]
        return answer(page_body(shown, total=page.total, limit=page.limit, offset=page.offset))

    async def show(self, request: web.Request) -> web.Response:
        """Show one namespace."""
        known, org_id = await self._finder.find(request), caller_of(request).org_id
        counts = await self._namespaces.resource_counts(org_id, known.namespace_id)
        aliases = await self._namespaces.aliases_of(org_id, known.namespace_id)
        return answer(show_namespace(known, counts, aliases))

    async def delete(self, request: web.Request) -> web.Response:
        """Forget a namespace that no alias leads to, with its documents."""
        query = read_query(request, DeleteNamespaceQuery)
        ticket = self._desk.ticket(request)
        org_id = ticket.caller.org_id
        known = await self._finder.find(request)
        # What was acknowledged before this request is seen, wherever it happened.
        await self._writes.catch_up()
        aliases = await self._namespaces.aliases_of(org_id, known.namespace_id)
        if aliases:
            raise Rejected(
                "alias_held", "Aliases lead to this namespace.", {"aliases": list(aliases)}
            )
        users = await self._namespaces.live_migrations(org_id, known.namespace_id)
        if users:
            raise Rejected(
                "namespace_in_use",
                "Migrations from or to this namespace are at work, or have failed and can be"
                " resumed; cancel or delete them first.",
                {"migrations": list(users)},
            )
        if not query.keep_documents:
            # Before the namespace: whoever is interrupted here can ask again.
            await self._spaces.drop(known.view.store, known.namespace_id)
        await self._artifacts.delete(known.namespace_id)
        outcome = await self._desk.hand_in(ticket, known.namespace_id, DeleteNamespace())
        release = ReleaseName(namespace_id=known.namespace_id)
        place = place_of_name(org_id, known.view.name)
        await self._desk.hand_in(_for_name(ticket), place, release)
        if not query.keep_documents:
            await self._writes.reach(outcome.position)
            await self._drop_again(known)
        body = DeletedBody(known.namespace_id, deleted=True)
        return answer(body, headers=position_of(outcome))

    async def _drop_again(self, known: KnownNamespace) -> None:
        """Remove what an upload has written that began before the namespace was forgotten."""
        try:
            await self._spaces.drop(known.view.store, known.namespace_id)
        except Transient as error:  # the namespace is gone: nobody could ask for this again
            _log.warning("namespace.space_left", namespace=known.namespace_id, code=error.code)


def _for_name(ticket: Ticket) -> Ticket:
    """Identify the other command that the one request leads to; a repeat leads to the same."""
    return replace(ticket, command_id=str(uuid5(UUID(ticket.command_id), "name")))
