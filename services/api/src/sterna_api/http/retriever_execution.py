from datetime import datetime
from time import perf_counter
from typing import Any

from aiohttp import web
from msgspec.structs import replace

from sterna_api.http.answer import answer
from sterna_api.http.body import read_body
from sterna_api.http.command_desk import CommandDesk
from sterna_api.http.document_bodies import ExecuteBody, ExecutedBody, ResultBody
from sterna_api.http.namespace_spaces import NamespaceSpaces
from sterna_api.http.retriever_finder import RetrieverFinder
from sterna_api.projections.namespaces import KnownNamespace
from sterna_core import ids
from sterna_core.namespace.feature_extractor import feature_uris
from sterna_core.namespace_store.query import Hit
from sterna_core.retriever.embedding import InstalledEmbedders
from sterna_core.retriever.execution import Asking, execute, refuse_other_spaces
from sterna_core.retriever.stage import stages_of
from sterna_core.retriever_history.keeping import HistoryKeeper
from sterna_core.retriever_history.record import RESULTS_MAX as KEPT_MAX
from sterna_core.retriever_history.record import Execution, KeptResult, kept_inputs


class RetrieverExecutionRoutes:
    """`/v1/namespaces/{id}/retrievers/{id}/execute`."""

    def __init__(
        self,
        desk: CommandDesk,
        retrievers: RetrieverFinder,
        spaces: NamespaceSpaces,
        embedders: InstalledEmbedders,
        history: HistoryKeeper,
    ) -> None:
        self._desk = desk
        self._retrievers = retrievers
        self._spaces = spaces
        self._embedders = embedders
        self._history = history

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/namespaces/{namespace_id}/retrievers/{resource_id}"
        return [web.post(f"{one}/execute", self.execute)]

    async def execute(self, request: web.Request) -> web.Response:
        """Ask a retriever."""
        begun = perf_counter()
        body = await read_body(request, ExecuteBody)
        ticket = self._desk.ticket(request, body)
        known, line = await self._retrievers.find(request)
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
            retriever_id=line.resource_id,
            results=results,
            took_milliseconds=round((perf_counter() - begun) * 1000, 1),
        )
        if body.record and self._history.most:
            executed = replace(executed, execution_id=ticket.new_id(ids.EXECUTION))
            await self._record(known, body, executed, ticket.now)
        return answer(executed)

    async def _record(
        self, known: KnownNamespace, body: ExecuteBody, executed: ExecutedBody, now: datetime
    ) -> None:
        assert executed.execution_id is not None
        execution = Execution(
            execution_id=executed.execution_id,
            retriever_id=executed.retriever_id,
            inputs=kept_inputs(body.inputs),
            results=tuple(
                KeptResult(
                    document_id=each.document_id,
                    collection_id=each.collection_id,
                    score=each.score,
                )
                for each in executed.results[:KEPT_MAX]
            ),
            took_milliseconds=executed.took_milliseconds,
            recorded_at=now,
        )
        document = execution.document()
        async with self._spaces.for_records(known) as space:
            await space.objects.upsert([document])
            await self._history.added(known.namespace_id, space.objects, document.collection_id)

    async def _hits(
        self, known: KnownNamespace, definition: dict[str, Any], asking: Asking
    ) -> tuple[Hit, ...]:
        extractors = known.view.feature_extractors
        async with self._spaces.for_reading(known) as space:
            if space is None:
                refuse_other_spaces(stages_of(definition), frozenset(feature_uris(extractors)))
                return ()
            return await execute(space, definition, asking, self._embedders.of(extractors))
