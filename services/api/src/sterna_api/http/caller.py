from aiohttp import web
from msgspec import Struct

from sterna_core.api_key.scope import EVERYTHING
from sterna_core.journal.origin import Origin


class Caller(Struct, frozen=True):
    """Who sent a request: known from the key alone, never from what the request says."""

    org_id: str
    key_id: str
    scopes: tuple[str, ...] = EVERYTHING


CALLER = web.RequestKey("caller", Caller)
REQUEST_ID = web.RequestKey("request_id", str)
ORIGIN = web.RequestKey("origin", Origin)


def caller_of(request: web.Request) -> Caller:
    """Give who sent an authenticated request."""
    return request[CALLER]
