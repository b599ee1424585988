from typing import Any

from aiohttp import web

from sterna_api.http.answer import answer


class OpenApiRoutes:
    """`/v1/openapi.json`, also `/openapi.json`: what this interface is, for programs."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def routes(self) -> list[web.RouteDef]:
        """Give the routes; they need no key."""
        return [
            web.get("/v1/openapi.json", self.show, allow_head=False),
            web.get("/openapi.json", self.show, allow_head=False),
        ]

    async def show(self, _request: web.Request) -> web.Response:
        """Give the document."""
        return answer(self._document)
