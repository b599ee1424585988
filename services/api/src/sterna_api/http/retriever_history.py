from collections.abc import Awaitable, Callable

from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.command_desk import CommandDesk
from sterna_api.http.document_bodies import PagesQuery, read_position, show_position
from sterna_api.http.history_bodies import (
    ExecutionsBody,
    ForgottenBody,
    InteractionLineBody,
    InteractionsBody,
    check_moment,
)
from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.http.query import read_query
from sterna_api.http.resource_id import not_found
from sterna_api.http.retriever_finder import RetrieverFinder
from sterna_core import ids
from sterna_core.namespace_store.span import Page, PageLimit, Span
from sterna_core.retriever_history.place import KINDS, HistoryKind, HistoryPlace
from sterna_core.retriever_history.record import Interaction, execution_of, interaction_of

_Handler = Callable[[web.Request, HistoryKind], Awaitable[web.Response]]


class RetrieverHistoryRoutes:
    """`/v1/namespaces/{id}/retrievers/{id}/executions` and `…/interactions`."""

    def __init__(
        self, desk: CommandDesk, retrievers: RetrieverFinder, spaces: NamespaceSpaces
    ) -> None:
        self._desk = desk
        self._retrievers = retrievers
        self._spaces = spaces

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/namespaces/{namespace_id}/retrievers/{resource_id}"
        found = [
            web.get(f"{one}/executions", self.executions, allow_head=False),
            web.get(f"{one}/interactions", self.interactions, allow_head=False),
            web.post(f"{one}/interactions", self.interact),
        ]
        return [
            *found,
            *(web.delete(f"{one}/{kind}", _about(kind, self.forget)) for kind in KINDS),
        ]

    async def executions(self, request: web.Request) -> web.Response:
        """Read what was asked, page by page."""
        page = await self._page(request, "executions")
        return answer(
            ExecutionsBody(
                data=[execution_of(each) for each in page.documents], next=show_position(page.last)
            )
        )

    async def interactions(self, request: web.Request) -> web.Response:
        """Read what was done with answers, page by page."""
        page = await self._page(request, "interactions")
        return answer(
            InteractionsBody(
                data=[interaction_of(each) for each in page.documents],
                next=show_position(page.last),
            )
        )

    async def interact(self, request: web.Request) -> web.Response:
        """Write down what somebody did with a document that was found."""
        body = await read_body(request, InteractionLineBody)
        check_moment(body.at)
        ticket = self._desk.ticket(request, body)
        known, line = await self._retrievers.find(request)
        interaction = Interaction(
            interaction_id=ticket.new_id(ids.INTERACTION),
            retriever_id=line.resource_id,
            document_id=body.document_id,
            type=body.type,
            execution_id=body.execution_id,
            value=body.value,
            at=body.at or ticket.now,
            recorded_at=ticket.now,
        )
        async with self._spaces.for_records(known) as space:
            if not await space.documents.get([body.document_id]):
                raise not_found("document")
            await space.objects.upsert([interaction.document()])
        return answer(interaction, status=201)

    async def forget(self, request: web.Request, kind: HistoryKind) -> web.Response:
        """Forget all of a history."""
        known, line = await self._retrievers.find(request)
        gone = await self._spaces.forget_history(known, line.resource_id, (kind,))
        return answer(ForgottenBody(forgotten=gone))

    async def _page(self, request: web.Request, kind: HistoryKind) -> Page:
        query = read_query(request, PagesQuery)
        known, line = await self._retrievers.find(request)
        place = HistoryPlace(kind, line.resource_id)
        span = Span(str(place), read_position(query.after, known.view.store.type))
        async with self._spaces.for_reading(known) as space:
            if space is None:
                return Page(())
            return await space.objects.scan(span, PageLimit(rows=query.limit))


def _about(
    kind: HistoryKind, handler: _Handler
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        return await handler(request, kind)

    return handle
