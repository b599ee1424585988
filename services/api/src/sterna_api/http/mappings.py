from aiohttp import web

from sterna_api.http.action_answers import ReviewedBody
from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.command_desk import CommandDesk, position_of
from sterna_api.http.entity_tag import etag_of
from sterna_api.http.mapping_bodies import MappingPatch, MappingsPatch, MappingsQuery, chosen
from sterna_api.http.mapping_desk import MappingDesk
from sterna_api.http.migration_bodies import ApproveBody
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.paging import page_body
from sterna_api.http.plan_answers import mappings_of
from sterna_api.http.query import read_query
from sterna_api.http.resource_id import not_found

_ID_CHARACTERS_MAX = 200


class MappingRoutes:
    """`/v1/migrations/{id}/mappings`: what is done with each column, and what people say of it."""

    def __init__(self, desk: CommandDesk, mappings: MappingDesk) -> None:
        self._desk = desk
        self._mappings = mappings

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/migrations/{migration_id}"
        return [
            web.post(f"{one}/plan/mappings/{{mapping_id}}/approve", self.approve),
            web.get(f"{one}/mappings", self.list, allow_head=False),
            web.patch(f"{one}/mappings", self.change_several),
            web.get(f"{one}/mappings/{{mapping_id}}", self.show, allow_head=False),
            web.patch(f"{one}/mappings/{{mapping_id}}", self.change),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """List a plan's mappings, table by table."""
        query = read_query(request, MappingsQuery)
        known, tables = await self._mappings.plan(
            caller_of(request).org_id, migration_id_of(request)
        )
        found = [
            shown
            for shown in mappings_of(
                table for table in tables if query.table in {None, table.table_id}
            )
            if query.status in {None, shown.status}
        ]
        page = found[query.offset : query.offset + query.limit]
        body = page_body(page, total=len(found), limit=query.limit, offset=query.offset)
        return answer(body, headers=etag_of(known.view.plan_digest))

    async def show(self, request: web.Request) -> web.Response:
        """Show one mapping."""
        known, shown = await self._mappings.mapping(
            caller_of(request).org_id, migration_id_of(request), mapping_id_of(request)
        )
        return answer(shown, headers=etag_of(known.view.plan_digest))

    async def change(self, request: web.Request) -> web.Response:
        """Approve or reject a mapping, give it another transformation, or comment on it."""
        body = await read_body(request, MappingPatch)
        migration_id, mapping_id = migration_id_of(request), mapping_id_of(request)
        ticket = self._desk.ticket(request, body)
        columns = chosen([(mapping_id, body, ("body",))])
        if columns:
            outcome = await self._mappings.choose(request, ticket, migration_id, columns)
        else:
            review = body.review(mapping_id, ("body",))
            outcome = await self._mappings.hand_in(
                request, ticket, migration_id, [(review, ("body",))]
            )
        known, shown = await self._mappings.settled(
            ticket.caller.org_id, migration_id, mapping_id, outcome
        )
        return answer(shown, headers=position_of(outcome) | etag_of(known.view.plan_digest))

    async def change_several(self, request: web.Request) -> web.Response:
        """Change several mappings: all of them, or none."""
        body = await read_body(request, MappingsPatch)
        migration_id = migration_id_of(request)
        ticket = self._desk.ticket(request, body)
        locations = [("body", "mappings", place) for place in range(len(body.mappings))]
        placed = list(zip(body.mappings, locations, strict=True))
        columns = chosen([(each.id, each, loc) for each, loc in placed])
        if columns:
            outcome = await self._mappings.choose(request, ticket, migration_id, columns)
        else:
            reviews = [(each.review(loc), loc) for each, loc in placed]
            outcome = await self._mappings.hand_in(request, ticket, migration_id, reviews)
        org_id = ticket.caller.org_id
        # Trials run side by side, a bounded number at once: the answer waits for the first.
        await self._mappings.settled(org_id, migration_id, body.mappings[0].id, outcome)
        known, tables = await self._mappings.plan(org_id, migration_id)
        wanted = {each.id for each in body.mappings}
        changed = [shown for shown in mappings_of(tables) if shown.id in wanted]
        page = page_body(changed, total=len(changed), limit=len(changed), offset=0)
        return answer(page, headers=position_of(outcome) | etag_of(known.view.plan_digest))

    async def approve(self, request: web.Request) -> web.Response:
        """Approve or reject one mapping."""
        body = await read_body(request, ApproveBody)
        migration_id, mapping_id = migration_id_of(request), mapping_id_of(request)
        ticket = self._desk.ticket(request, body)
        patch = MappingPatch(
            approved=body.approved,
            override_transformation=body.override_transformation,
            comment=body.comment,
        )
        review = patch.review(mapping_id, ("body",))
        outcome = await self._mappings.hand_in(request, ticket, migration_id, [(review, ("body",))])
        known, shown = await self._mappings.settled(
            ticket.caller.org_id, migration_id, mapping_id, outcome
        )
        reviewed = ReviewedBody(
            migration_id=migration_id,
            mapping_id=mapping_id,
            status=shown.status,
            plan_status=known.view.plan_status,
            transformation=shown.transformation,
            trial=shown.trial,
        )
        return answer(reviewed, headers=position_of(outcome) | etag_of(known.view.plan_digest))


def mapping_id_of(request: web.Request) -> str:
    """Give the mapping that a path names; raises NotFound for what cannot be one."""
    mapping_id = request.match_info["mapping_id"]
    if len(mapping_id) > _ID_CHARACTERS_MAX or "\0" in mapping_id:
        raise not_found("mapping")
    return mapping_id
