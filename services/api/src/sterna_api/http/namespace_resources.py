import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.namespace_bodies import PutResourceBody, show_resource
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.paging import PageQuery, page_body
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.http.resource_leavings import ResourceLeavings
from sterna_api.projections.namespaces import Namespaces
from sterna_core.errors import NotFound
from sterna_core.namespace.commands import PutResource, RemoveResource
from sterna_core.namespace.feature_extractor import feature_uris
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace.shape import misfits, searched_features
from sterna_core.retriever.execution import refuse_other_space

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}\Z")
PLURALS: dict[ResourceKind, str] = {
    "bucket": "buckets",
    "collection": "collections",
    "taxonomy": "taxonomies",
    "cluster": "clusters",
    "retriever": "retrievers",
}
"""What the kinds are called in addresses."""
_Handler = Callable[[web.Request, ResourceKind], Awaitable[web.Response]]


class NamespaceResourceRoutes:
    """`/v1/namespaces/{id}/buckets`, `…/collections` and so on."""

    def __init__(
        self,
        desk: CommandDesk,
        namespaces: Namespaces,
        finder: NamespaceFinder,
        leavings: ResourceLeavings,
        writes: ReadYourWrites,
    ) -> None:
        self._desk = desk
        self._namespaces = namespaces
        self._finder = finder
        self._leavings = leavings
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        found = []
        for kind, plural in PLURALS.items():
            every = f"/v1/namespaces/{{namespace_id}}/{plural}"
            one = f"{every}/{{resource_id}}"
            found += [
                web.get(every, _about(kind, self.list), allow_head=False),
                web.get(one, _about(kind, self.show), allow_head=False),
                web.put(one, _about(kind, self.put)),
                web.delete(one, _about(kind, self.remove)),
            ]
        return found

    async def list(self, request: web.Request, kind: ResourceKind) -> web.Response:
        """List the resources of a kind, by id."""
        query = read_query(request, PageQuery)
        known = await self._finder.find(request)
        page = await self._namespaces.resource_page(
            caller_of(request).org_id,
            known.namespace_id,
            kind,
            limit=query.limit,
            offset=query.offset,
        )
        shown = [show_resource(known.namespace_id, kind, line) for line in page.items]
        return answer(page_body(shown, total=page.total, limit=page.limit, offset=page.offset))

    async def show(self, request: web.Request, kind: ResourceKind) -> web.Response:
        """Show one resource."""
        known = await self._finder.find(request)
        line = await self._namespaces.resource(
            caller_of(request).org_id, known.namespace_id, kind, _id_of(request, kind)
        )
        if line is None:
            raise not_found(kind)
        return answer(show_resource(known.namespace_id, kind, line))

    async def put(self, request: web.Request, kind: ResourceKind) -> web.Response:
        """Keep a definition, in place of the one there was."""
        body = await read_body(request, PutResourceBody)
        resource = Resource(request.match_info["resource_id"], kind, body.definition)
        _check(resource)
        ticket = self._desk.ticket(request, body)
        org_id = ticket.caller.org_id
        known = await self._finder.find(request)
        held = frozenset(feature_uris(known.view.feature_extractors))
        for uri in searched_features(resource):
            refuse_other_space(uri, held)
        outcome = await self._desk.hand_in(
            ticket, known.namespace_id, PutResource(resource=resource)
        )
        await self._writes.catch_up_with(org_id, known.namespace_id)
        line = await self._namespaces.resource(
            org_id, known.namespace_id, kind, resource.resource_id
        )
        if line is None:
            raise not_found(kind)
        return answer(show_resource(known.namespace_id, kind, line), headers=position_of(outcome))

    async def remove(self, request: web.Request, kind: ResourceKind) -> web.Response:
        """Forget a definition that no other needs."""
        ticket = self._desk.ticket(request)
        known = await self._finder.find(request)
        resource_id = _id_of(request, kind)
        command = RemoveResource(kind=kind, resource_id=resource_id)
        try:
            outcome = await self._desk.hand_in(ticket, known.namespace_id, command)
        except NotFound:
            # What one left that was removed before: it goes now.
            await self._leavings.forget(known, kind, resource_id)
            raise
        await self._leavings.forget(known, kind, resource_id)
        return answer(DeletedBody(resource_id, deleted=True), headers=position_of(outcome))


def _about(
    kind: ResourceKind, handler: _Handler
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        return await handler(request, kind)

    return handle


def _id_of(request: web.Request, kind: ResourceKind) -> str:
    text = request.match_info["resource_id"]
    if not _ID.match(text):
        raise not_found(kind)
    return text


def _check(resource: Resource) -> None:
    """Refuse what can mean nothing; raises InvalidShape with every problem."""
    problems = [
        Problem(("body", "definition", *path), msg, kind) for path, msg, kind in misfits(resource)
    ]
    if not _ID.match(resource.resource_id):
        msg = (
            "An id is 1 to 128 letters, digits, `_`, `.`, `:` and `-`, the first a letter or digit"
        )
        problems.append(Problem(("path", "resource_id"), msg, "resource_id_invalid"))
    if problems:
        raise InvalidShape(problems[:100])
