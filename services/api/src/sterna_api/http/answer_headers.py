import time

from aiohttp import web

from sterna_api.http.caller import REQUEST_ID
from sterna_api.http.limits import ALLOWANCE
from sterna_api.http.request_id import HEADER as REQUEST_ID_HEADER

LIMIT_HEADER = "X-RateLimit-Limit"
REMAINING_HEADER = "X-RateLimit-Remaining"
RESET_HEADER = "X-RateLimit-Reset"


async def add_headers(  # ruff: ignore[unused-async]  # aiohttp awaits it
    request: web.Request, response: web.StreamResponse
) -> None:
    """Put on every answer, a stream too, what each has: whose it is and what may still be asked."""
    headers = response.headers
    if REQUEST_ID in request:
        headers[REQUEST_ID_HEADER] = request[REQUEST_ID]
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    allowance = request.get(ALLOWANCE)
    if allowance is not None:
        headers[LIMIT_HEADER] = str(allowance.limit)
        headers[REMAINING_HEADER] = str(allowance.remaining)
        # As the seconds since 1970, like everybody's header of this name.
        headers[RESET_HEADER] = str(int(time.time()) + allowance.reset_seconds)
