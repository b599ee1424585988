from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.caller import caller_of
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.projections.namespaces import Namespaces
from sterna_core.namespace.dangling import DANGLING_TOLD, Dangling, dangling_references
from sterna_core.namespace.feature_extractor import feature_uris


class ReferencesBody(Struct, frozen=True, kw_only=True):
    """References of a namespace's definitions that lead nowhere: how many, and the first of them."""

    namespace_id: str
    definitions: int
    dangling: int
    references: tuple[Dangling, ...]


class NamespaceReferenceRoutes:
    """`/v1/namespaces/{id}/references`."""

    def __init__(self, namespaces: Namespaces, finder: NamespaceFinder) -> None:
        self._namespaces = namespaces
        self._finder = finder

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get("/v1/namespaces/{namespace_id}/references", self.show, allow_head=False)]

    async def show(self, request: web.Request) -> web.Response:
        """Look for what definitions name and is not there."""
        known = await self._finder.find(request)
        org_id = caller_of(request).org_id
        resources = await self._namespaces.resources(org_id, known.namespace_id)
        features = frozenset(feature_uris(known.view.feature_extractors))
        found = tuple(dangling_references(resources, features))
        return answer(
            ReferencesBody(
                namespace_id=known.namespace_id,
                definitions=len(resources),
                dangling=len(found),
                references=found[:DANGLING_TOLD],
            )
        )
