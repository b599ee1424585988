from time import perf_counter
from typing import Any

from aiohttp import web

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.caller import caller_of
from sterna_api.http.document_bodies import ExecuteBody, ExecutedBody, ResultBody
from sterna_api.http.namespace_finder import NamespaceFinder
from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.http.resource_id import not_found
from sterna_api.projections.namespaces import KnownNamespace, Namespaces
from sterna_core.namespace.feature_extractor import feature_uris
from sterna_core.namespace_store.query import Hit
from sterna_core.retriever.embedding import InstalledEmbedders
from sterna_core.retriever.execution import Asking, execute, refuse_other_spaces
from sterna_core.retriever.stage import stages_of


class RetrieverExecutionRoutes:
    """`/v1/namespaces/{id}/retrievers/{id}/execute`."""

    def __init__(
        self,
        namespaces: Namespaces,
        finder: NamespaceFinder,
        spaces: NamespaceSpaces,
        embedders: InstalledEmbedders,
        writes: ReadYourWrites,
    ) -> None:
        self._namespaces = namespaces
        self._finder = finder
        self._spaces = spaces
        self._embedders = embedders
        self._writes = writes

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/namespaces/{namespace_id}/retrievers/{resource_id}"
        return [web.post(f"{one}/execute", self.execute)]

    async def execute(self, request: web.Request) -> web.Response:
        """Ask a retriever."""
        begun = perf_counter()
        body = await read_body(request, ExecuteBody)
        known, retriever_id = await self._finder.find(request), request.match_info["resource_id"]
        org_id = caller_of(request).org_id
        await self._writes.catch_up_with(org_id, known.namespace_id)
        line = None
        if "\0" not in retriever_id:
            line = await self._namespaces.resource(
                org_id, known.namespace_id, "retriever", retriever_id
            )
        if line is None:
            raise not_found("retriever")
        asking = Asking(
            inputs=body.inputs,
            conditions=body.conditions(),
            limit=body.limit,
            exact=body.exact,
        )
        hits = await self._hits(known, line.definition, asking)
        results = [
            ResultBody(
                document_id=hit.document.document_id,
                collection_id=hit.document.collection_id,
                score=hit.score,
                payload=hit.document.payload,
            )
            for hit in hits
        ]
        executed = ExecutedBody(
            namespace_id=known.namespace_id,
            retriever_id=retriever_id,
            results=results,
            took_milliseconds=round((perf_counter() - begun) * 1000, 1),
        )
        return answer(executed)

    async def _hits(
        self, known: KnownNamespace, definition: dict[str, Any], asking: Asking
    ) -> tuple[Hit, ...]:
        extractors = known.view.feature_extractors
        async with self._spaces.for_reading(known) as space:
            if space is None:
                refuse_other_spaces(stages_of(definition), frozenset(feature_uris(extractors)))
                return ()
            return await execute(space, definition, asking, self._embedders.of(extractors))
