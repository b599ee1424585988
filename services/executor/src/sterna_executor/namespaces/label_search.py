"""Asks the retrievers of a taxonomy for the labels of documents, in the target as it is."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sterna_core.errors import InvalidRequest, Rejected
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.group_error import foremost
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.query import Hit
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.execution import Asking, execute
from sterna_core.retriever.query import asked
from sterna_core.retriever.stage import FeatureSearch, Filter, stages_of
from sterna_core.taxonomy.assignment import Match, matches_of, threshold_of
from sterna_core.taxonomy.input_mapping import inputs_of
from sterna_core.taxonomy.node import Node
from sterna_core.taxonomy.taxonomy import Taxonomy
from sterna_executor.namespaces.benchmark.side import TextEmbedder

ASKED_AT_ONCE = 4
"""Documents that are asked for side by side; a store has no more connections here."""

Texts = dict[tuple[str, str], Vector]


class LabelSearch:
    """Finds labels, exactly: every vector is looked at, so the same is found at every attempt."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        retrievers: Iterable[Resource],
        space: Space,
        embedder: TextEmbedder,
    ) -> None:
        self._taxonomy = taxonomy
        self._space = space
        self._embedder = embedder
        definitions = {each.resource_id: each.definition for each in retrievers}
        self._searches: dict[str, FeatureSearch] = {}
        self._definitions: dict[str, Mapping[str, Any]] = {}
        for node in taxonomy.nodes:
            definition = definitions[node.retriever_id]
            first, *_ = stages_of(definition)
            assert isinstance(first, FeatureSearch)
            self._searches[node.collection_id] = first
            self._definitions[node.collection_id] = _nearest_of(node, definition)
        metrics = {each.uri: each.metric for each in space.features}
        self._thresholds = {
            node.collection_id: threshold_of(
                node, metrics.get(self._searches[node.collection_id].feature_uri, "cosine")
            )
            for node in taxonomy.nodes
        }

    async def find(self, documents: Sequence[Document]) -> list[tuple[Match, ...]]:
        """Give what documents match, from the top of the taxonomy; nothing where they cannot ask."""
        texts = _Embedded(await self._embedded(documents))
        room = asyncio.Semaphore(ASKED_AT_ONCE)

        async def one(document: Document) -> tuple[Match, ...]:
            async def ask(node: Node) -> Hit | None:
                return await self._nearest(node, document, texts)

            async with room:
                return await matches_of(self._taxonomy, ask, self._thresholds)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(each)) for each in documents]
        except BaseExceptionGroup as error:
            raise foremost(error) from None
        return [each.result() for each in tasks]

    async def _nearest(self, node: Node, document: Document, texts: "_Embedded") -> Hit | None:
        inputs = self._inputs(node, document)
        query = self._query(node, inputs)
        uri = self._searches[node.collection_id].feature_uri
        if inputs is None or query is None or not texts.has(uri, query):
            return None
        asking = Asking(inputs=inputs, exact=True, limit=1)
        hits = await execute(self._space, self._definitions[node.collection_id], asking, texts)
        return hits[0] if hits else None

    def _inputs(self, node: Node, document: Document) -> dict[str, Any] | None:
        return inputs_of(node.mappings, document, self._searches[node.collection_id].feature_uri)

    def _query(self, node: Node, inputs: dict[str, Any] | None) -> str | Vector | None:
        if inputs is None:
            return None
        try:
            return asked(self._searches[node.collection_id].query, inputs)
        except InvalidRequest:
            return None  # an empty text, for instance

    async def _embedded(self, documents: Sequence[Document]) -> Texts:
        """Embed all texts of some documents at once, each once."""
        wanted: dict[str, dict[str, None]] = {}
        for node in self._taxonomy.nodes:
            uri = self._searches[node.collection_id].feature_uri
            for document in documents:
                query = self._query(node, self._inputs(node, document))
                if isinstance(query, str):
                    wanted.setdefault(uri, {})[query] = None
        made: Texts = {}
        for uri, texts in wanted.items():
            if not await self._embedder.can_embed(uri):
                raise Rejected(
                    "extractor_not_installed",
                    "Documents ask this taxonomy with texts, and the extractor of its feature is"
                    " not installed here: map vectors, or install it, then resume.",
                    {"feature_uri": uri},
                )
            vectors = await self._embedder.embed_all(uri, tuple(texts))
            for text, vector in zip(texts, vectors, strict=True):
                if not isinstance(vector, RejectedText):
                    made[uri, text] = vector
        return made


def _nearest_of(node: Node, definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a retriever as it is asked for one label: where nothing is left out, the first will do."""
    stages = definition["stages"]
    if not any(isinstance(each, Filter) for each in stages_of(definition)):
        search = {**stages[0], "config": {**stages[0]["config"], "limit": 1}}
        stages = [search, *stages[1:]]
    return {**definition, "stages": stages, "collection_ids": [node.collection_id]}


class _Embedded:
    """Gives the vectors of texts that were embedded before."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def has(self, feature_uri: str, query: str | Vector) -> bool:
        """Tell whether something can be asked."""
        return isinstance(query, Vector) or (feature_uri, query) in self._texts

    async def embed(self, feature_uri: str, text: str) -> Vector:
        """Look it up."""
        return self._texts[feature_uri, text]
