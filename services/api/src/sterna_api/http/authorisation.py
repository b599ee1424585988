from collections.abc import Iterable

from aiohttp import web

from sterna_api.http.caller import CALLER
from sterna_api.http.errors import Handler
from sterna_api.http.refusals import Refusals
from sterna_api.openapi.operation import Operation
from sterna_core.api_key.scope import allows
from sterna_core.errors import Forbidden

_NO_SCOPE = "a right that no key has"


class Gate:
    """Lets a request through where its key has the scope that the table of operations names.

    A route that the table does not name is closed to every key.
    """

    def __init__(self, operations: Iterable[Operation], refusals: Refusals) -> None:
        self._scopes = {operation.key: operation.scope for operation in operations}
        self._refusals = refusals

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what the key does not allow; raises Forbidden."""
        resource = request.match_info.route.resource
        caller = request.get(CALLER)
        if resource is not None and caller is not None:
            method = "GET" if request.method == "HEAD" else request.method
            needed = self._scopes.get((method, resource.canonical), _NO_SCOPE)
            if needed is not None and not allows(
                caller.scopes if needed != _NO_SCOPE else (), needed
            ):
                self._refusals.note(request, Forbidden.code, caller.org_id, caller.key_id)
                raise Forbidden(
                    f"The key needs the scope {needed}.", details={"required_scope": needed}
                )
        return await handler(request)
