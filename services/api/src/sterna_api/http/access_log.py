from time import perf_counter

import structlog
from aiohttp import web

from sterna_api.http.errors import Handler

_log = structlog.get_logger()


@web.middleware
async def access_log_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say what was asked and how it was answered: the route, never what was sent."""
    begun = perf_counter()
    response = await handler(request)
    resource = request.match_info.route.resource
    _log.info(
        "request.answered",
        method=request.method,
        route=resource.canonical if resource else "unknown",
        status=response.status,
        milliseconds=round((perf_counter() - begun) * 1000, 1),
    )
    return response
