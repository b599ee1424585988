from aiohttp import web

from sterna_api.http.caller import caller_of
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import is_id, not_found
from sterna_api.projections.namespaces import KnownNamespace, Namespaces
from sterna_core import ids
from sterna_core.namespace.place import place_of_name


class NamespaceFinder:
    """Finds the namespace that a request is about, by its id, its name or an alias."""

    def __init__(self, namespaces: Namespaces, writes: ReadYourWrites) -> None:
        self._namespaces = namespaces
        self._writes = writes

    async def find(self, request: web.Request) -> KnownNamespace:
        """Give the namespace of the path; raises NotFound, BehindPosition."""
        named = request.match_info["namespace_id"]
        return await self.named(caller_of(request).org_id, named, fresh=request.method != "GET")

    async def named(self, org_id: str, named: str, *, fresh: bool = False) -> KnownNamespace:
        """Give a namespace that was there before now, however far the projections are.

        `fresh` waits for where a name leads now. Raises NotFound, BehindPosition.
        """
        if "\0" in named:
            raise not_found("namespace")
        by_id = is_id(ids.VECTOR_NAMESPACE, named)
        if fresh and not by_id:
            await self._writes.catch_up_with(org_id, place_of_name(org_id, named))
        known = await self._namespaces.find(org_id, named)
        if known is None and by_id:
            await self._writes.catch_up_with(org_id, named)
            known = await self._namespaces.find(org_id, named)
        if known is None:
            raise not_found("namespace")
        return known
