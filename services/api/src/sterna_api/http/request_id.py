import re
from uuid import uuid4

from aiohttp import web

from sterna_api.http.caller import REQUEST_ID
from sterna_api.http.errors import Handler
from sterna_core.correlation import following_from

HEADER = "X-Request-Id"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


@web.middleware
async def request_id_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each request an id: the client's where it is a plain word, else a fresh one."""
    given = request.headers.get(HEADER, "")
    request_id = given if _ACCEPTED.match(given) else f"req_{uuid4().hex}"
    request[REQUEST_ID] = request_id
    with following_from(request_id):
        return await handler(request)
