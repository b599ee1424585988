from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.namespace_bodies import PointAliasBody, name_problems
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.paging import PageQuery, page_body
from sterna_api.http.problem import InvalidShape
from sterna_api.http.query import read_query
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.projections.namespaces import AliasLine, Namespaces
from sterna_core.namespace.place import place_of_name
from sterna_core.namespace_name.commands import PointAlias, ReleaseAlias


class NamespaceAliasRoutes:
    """`/v1/namespaces/aliases`: names that lead to namespaces, and are switched in one step."""

    def __init__(
        self,
        desk: CommandDesk,
        namespaces: Namespaces,
        finder: NamespaceFinder,
        writes: ReadYourWrites,
    ) -> None:
        self._desk = desk
        self._namespaces = namespaces
        self._finder = finder
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/namespaces/aliases/{alias}"
        return [
            web.get("/v1/namespaces/aliases", self.list, allow_head=False),
            web.get(one, self.show, allow_head=False),
            web.put(one, self.point),
            web.delete(one, self.release),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """List the organisation's aliases, by name."""
        query = read_query(request, PageQuery)
        page = await self._namespaces.alias_page(
            caller_of(request).org_id, limit=query.limit, offset=query.offset
        )
        items = list(page.items)
        return answer(page_body(items, total=page.total, limit=page.limit, offset=page.offset))

    async def show(self, request: web.Request) -> web.Response:
        """Show where an alias leads."""
        alias = _alias_of(request)
        line = await self._namespaces.alias(caller_of(request).org_id, alias)
        if line is None:
            raise not_found("alias")
        return answer(line)

    async def point(self, request: web.Request) -> web.Response:
        """Lead an alias to a namespace, in one step for every reader."""
        body = await read_body(request, PointAliasBody)
        alias = request.match_info["alias"]
        problems = name_problems(alias, ("path", "alias"))
        if problems:
            raise InvalidShape(problems)
        ticket = self._desk.ticket(request, body)
        org_id = ticket.caller.org_id
        known = await self._finder.named(org_id, body.namespace_id, fresh=True)
        place = place_of_name(org_id, alias)
        command = PointAlias(name=alias, namespace_id=known.namespace_id)
        outcome = await self._desk.hand_in(ticket, place, command)
        await self._writes.catch_up_with(org_id, place)
        line: AliasLine | None = await self._namespaces.alias(org_id, alias)
        if line is None:
            raise not_found("alias")
        return answer(line, headers=position_of(outcome))

    async def release(self, request: web.Request) -> web.Response:
        """Lead an alias nowhere."""
        alias, ticket = _alias_of(request), self._desk.ticket(request)
        place = place_of_name(ticket.caller.org_id, alias)
        outcome = await self._desk.hand_in(ticket, place, ReleaseAlias())
        return answer(DeletedBody(alias, deleted=True), headers=position_of(outcome))


def _alias_of(request: web.Request) -> str:
    alias = request.match_info["alias"]
    if name_problems(alias, ("path", "alias")):
        raise not_found("alias")
    return alias
