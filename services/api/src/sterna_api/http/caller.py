from aiohttp import web
from msgspec import Struct


class Caller(Struct, frozen=True):
    """Who sent a request: known from the key alone, never from what the request says."""

    org_id: str
    key_id: str


CALLER = web.RequestKey("caller", Caller)
REQUEST_ID = web.RequestKey("request_id", str)


def caller_of(request: web.Request) -> Caller:
    """Give who sent an authenticated request."""
    return request[CALLER]
