from collections.abc import Iterable
from typing import Protocol

from aiohttp import web

from sterna_api.http.access_log import access_log_middleware
from sterna_api.http.authentication import Authenticator
from sterna_api.http.errors import errors_middleware
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.request_id import request_id_middleware

BODY_BYTES_MAX = 1024 * 1024


class Routes(Protocol):
    """A group of routes."""

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        ...


def make_app(
    groups: Iterable[Routes], authenticator: Authenticator, writes: ReadYourWrites
) -> web.Application:
    """Put the REST interface together. Every request goes through authentication first."""
    app = web.Application(
        middlewares=[
            request_id_middleware,
            access_log_middleware,
            errors_middleware,
            authenticator.middleware,
            writes.middleware,
        ],
        client_max_size=BODY_BYTES_MAX,
    )
    for group in groups:
        app.add_routes(group.routes())
    return app
