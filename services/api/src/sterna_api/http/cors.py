from collections.abc import Iterable

from aiohttp import web

from sterna_api.http.errors import Handler

_MAX_AGE_SECONDS = 600
_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, X-Request-Id"
)
_EXPOSED_HEADERS = (
    "ETag, Retry-After, Sterna-Position, X-RateLimit-Limit, X-RateLimit-Remaining,"
    " X-RateLimit-Reset, X-Request-Id"
)


class Cors:
    """Says what is allowed at an address, and to pages of which origins; to none by default."""

    def __init__(self, origins: Iterable[str] = ()) -> None:
        self._origins = frozenset(origins)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer OPTIONS at an address that exists; it needs no key, for browsers send none."""
        refusal = request.match_info.http_exception
        if request.method != "OPTIONS" or not isinstance(refusal, web.HTTPMethodNotAllowed):
            return await handler(request)
        methods = ", ".join(sorted({*refusal.allowed_methods, "OPTIONS"}))
        response = web.Response(status=204, headers={"Allow": methods})
        if self._is_allowed(request) and "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = methods
            response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
            response.headers["Access-Control-Max-Age"] = str(_MAX_AGE_SECONDS)
        return response

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let a page of an allowed origin read an answer."""
        if not self._origins:
            return
        response.headers.add("Vary", "Origin")
        if self._is_allowed(request):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS

    def _is_allowed(self, request: web.Request) -> bool:
        return request.headers.get("Origin") in self._origins
