"""One side of a benchmark: a retriever on its space, with the extractors of its own namespace."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from sterna_core.errors import InvalidRequest, Rejected
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.execution import Asking, execute, refuse_other_spaces
from sterna_core.retriever.query import asked
from sterna_core.retriever.stage import FeatureSearch, stages_of
from sterna_executor.namespaces.benchmark.question import Question

TEXTS_AT_ONCE = 100


class TextEmbedder(Protocol):
    """Makes vectors of many texts, where the extractor of their feature is installed."""

    async def can_embed(self, feature_uri: str) -> bool:
        """Tell whether texts can be embedded for a feature here."""
        ...

    async def embed_all(
        self, feature_uri: str, texts: Sequence[Any]
    ) -> list[Vector | RejectedText]:
        """Embed texts in their order."""
        ...


class Side(Struct, frozen=True):
    """A retriever that can be asked."""

    space: Space
    definition: Mapping[str, Any]
    embedder: TextEmbedder

    async def check(self) -> None:
        """Raise Rejected where texts cannot be asked here."""
        stages = stages_of(self.definition)
        refuse_other_spaces(stages, frozenset(each.uri for each in self.space.features))
        for stage in stages:
            uri = stage.feature_uri if isinstance(stage, FeatureSearch) else None
            if uri is not None and not await self.embedder.can_embed(uri):
                raise Rejected(
                    "extractor_not_installed",
                    f"The extractor of {uri} is not installed here: texts cannot be asked.",
                    {"feature_uri": uri},
                )

    async def embedded(self, questions: Sequence[Question]) -> "QueryVectors":
        """Make the vectors of all texts that are asked; raises what the extractor raises."""
        search = self._search()
        texts: dict[str, None] = {}
        for each in questions:
            query = self._asked(each)
            if isinstance(query, str):
                texts[query] = None
        waiting = list(texts)
        made: dict[str, Vector | RejectedText] = {}
        for start in range(0, len(waiting), TEXTS_AT_ONCE):
            lot = waiting[start : start + TEXTS_AT_ONCE]
            vectors = await self.embedder.embed_all(search.feature_uri, lot)
            made.update(zip(lot, vectors, strict=True))
        return QueryVectors(made)

    def takes_text(self, question: Question) -> bool:
        """Tell whether a question asks for a text, which means the same in every space."""
        return isinstance(self._asked(question), str)

    async def ask(
        self, questions: Sequence[Question], vectors: "QueryVectors", *, most: int
    ) -> "Answers":
        """Ask every question, one after the other, with the vectors that were made before."""
        answers = Answers({}, {}, [])
        for each in questions:
            asking = Asking(inputs=each.inputs, limit=most)
            began = time.perf_counter()
            try:
                hits = await execute(self.space, self.definition, asking, vectors)
            except InvalidRequest:
                continue
            answers.seconds.append(time.perf_counter() - began)
            answers.rankings[each.query_id] = [hit.document.document_id for hit in hits]
            answers.scores[each.query_id] = [hit.score for hit in hits]
        return answers

    def _search(self) -> FeatureSearch:
        (search,) = (each for each in stages_of(self.definition) if isinstance(each, FeatureSearch))
        return search

    def _asked(self, question: Question) -> str | Vector | None:
        try:
            return asked(self._search().query, question.inputs)
        except InvalidRequest:
            return None


class Answers(Struct, frozen=True):
    """The ids that were found, the best first, and their scores, by query; how long searches took.

    A query that this side could not be asked has no answer.
    """

    rankings: dict[str, list[str]]
    scores: dict[str, list[float]]
    seconds: list[float]


class QueryVectors(Struct, frozen=True):
    """Vectors of texts, made before they are asked for."""

    made: dict[str, Vector | RejectedText]

    async def embed(self, feature_uri: str, text: str) -> Vector:
        """Give the vector of a text; raises InvalidRequest where it has none."""
        del feature_uri
        made = self.made[text]
        if isinstance(made, RejectedText):
            raise InvalidRequest(made.message, code="query_invalid")
        return made
