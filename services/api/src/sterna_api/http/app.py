from collections.abc import Iterable
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from sterna_api.http.answer_headers import add_headers
from sterna_api.http.cors import Cors

BODY_BYTES_MAX = 1024 * 1024


class Routes(Protocol):
    """A group of routes."""

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        ...


def make_app(
    groups: Iterable[Routes], middlewares: Iterable[Middleware], cors: Cors
) -> web.Application:
    """Put the REST interface together. Where something can be read, HEAD can be asked for it."""
    app = web.Application(middlewares=tuple(middlewares), client_max_size=BODY_BYTES_MAX)
    app.on_response_prepare.append(add_headers)
    app.on_response_prepare.append(cors.add_headers)
    for group in groups:
        for route in group.routes():
            app.add_routes([route])
            if route.method == "GET":
                app.add_routes([web.head(route.path, route.handler)])
    return app
