from aiohttp import web

from sterna_api.http.caller import ORIGIN
from sterna_api.http.client_address import ClientAddresses
from sterna_api.http.errors import Handler
from sterna_core.journal.origin import Origin


class Origins:
    """Notes where each request comes from."""

    def __init__(self, addresses: ClientAddresses) -> None:
        self._addresses = addresses

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note the address and the user agent."""
        request[ORIGIN] = Origin.of(self._addresses.of(request), request.headers.get("User-Agent"))
        return await handler(request)
