from typing import Any

from aiohttp import web
from msgspec import Struct

from sterna_api.asyncapi.document import document
from sterna_api.asyncapi.messages import Messages
from sterna_api.asyncapi.schemas import standalone
from sterna_api.http.answer import answer
from sterna_api.http.resource_id import not_found
from sterna_core.journal.topics import Topics


class EventTypesBody(Struct, frozen=True):
    """The types of the journal's events."""

    data: tuple[str, ...]


class BusDescriptionRoutes:
    """`/v1/asyncapi.json`, `/v1/event-types`: what is on the bus, for programs that read it."""

    def __init__(self, messages: Messages, topics: Topics) -> None:
        self._messages = messages
        self._document = document(messages, topics)

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [
            web.get("/v1/asyncapi.json", self.show, allow_head=False),
            web.get("/v1/event-types", self.list, allow_head=False),
            web.get("/v1/event-types/{event_type}", self.schema, allow_head=False),
        ]

    async def show(self, _request: web.Request) -> web.Response:
        """Give the AsyncAPI document."""
        return answer(self._document)

    async def list(self, _request: web.Request) -> web.Response:
        """Name the types of events."""
        return answer(EventTypesBody(tuple(sorted(self._messages.events))))

    async def schema(self, request: web.Request) -> web.Response:
        """Give the JSON Schema of one type's body."""
        event_type = request.match_info["event_type"]
        found = self._messages.events.get(event_type)
        if found is None:
            raise not_found("event_type")
        schema: dict[str, Any] = standalone(found, f"/v1/event-types/{event_type}")
        return answer(schema)
