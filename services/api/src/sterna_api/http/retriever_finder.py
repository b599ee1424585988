from aiohttp import web

from sterna_api.http.caller import caller_of
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.projections.namespaces import KnownNamespace, Namespaces, ResourceLine


class RetrieverFinder:
    """Finds the retriever that a request is about, with its namespace."""

    def __init__(
        self, namespaces: Namespaces, finder: NamespaceFinder, writes: ReadYourWrites
    ) -> None:
        self._namespaces = namespaces
        self._finder = finder
        self._writes = writes

    async def find(self, request: web.Request) -> tuple[KnownNamespace, ResourceLine]:
        """Give both as they are now; raises NotFound, BehindPosition."""
        known, retriever_id = await self._finder.find(request), request.match_info["resource_id"]
        org_id = caller_of(request).org_id
        if request.method != "GET":
            await self._writes.catch_up_with(org_id, known.namespace_id)
        line = None
        if "\0" not in retriever_id:
            line = await self._namespaces.resource(
                org_id, known.namespace_id, "retriever", retriever_id
            )
        if line is None:
            raise not_found("retriever")
        return known, line
