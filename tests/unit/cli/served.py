"""Handlers on the loopback address, in place of an API."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web

Handler = Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]]


class Serve(Protocol):
    """Serves handlers by path, and gives the server's URL."""

    async def __call__(self, handlers: dict[str, Handler]) -> str: ...


def application_of(handlers: dict[str, Handler]) -> web.Application:
    """Make an application of handlers by path."""
    application = web.Application()
    for path, handler in handlers.items():
        application.router.add_route("*", path, _awaited(handler))
    return application


def _awaited(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        answer = handler(request)
        return await answer if inspect.isawaitable(answer) else answer

    return handle
