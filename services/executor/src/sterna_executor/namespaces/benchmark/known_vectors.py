"""Asks a copy and its source for the same vectors: a copy has to answer as its source does."""

import math
from collections.abc import Sequence

from sterna_core.errors import Terminal
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.query import Hit, Query
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector

SAMPLE_DOCUMENTS = 20
"""Documents of each collection whose own vectors are asked for."""
_TOLERANCE = 1e-5


class AnswersDiffer(Terminal):
    """The copy does not find what its source does."""

    code = "benchmark_failed"


async def compare_answers(
    collection_ids: Sequence[str], source: Space, target: Space, rewriting: Rewriting
) -> int:
    """Search both exactly for vectors of the source; gives how many searches there were.

    Raises AnswersDiffer where one was not answered alike. What is in the source alone, because
    it was set aside or not wanted, is no difference.
    """
    asked = alike = 0
    for collection_id in collection_ids:
        there = rewriting.ids.resources[collection_id]
        page = await source.documents.scan(Span(collection_id), PageLimit(SAMPLE_DOCUMENTS))
        for document in page.documents:
            for uri, vector in document.vectors.items():
                before = await _exactly(source, uri, vector, collection_id)
                after = await _exactly(target, uri, vector, there)
                asked += 1
                if _same(before, after):
                    alike += 1
                    continue
                new_ids = [rewriting.ids.document(each.document.document_id) for each in before]
                have = {each.document_id for each in await target.documents.get(new_ids)}
                left = [hit for hit, new in zip(before, new_ids, strict=True) if new in have]
                alike += len(left) < len(before) and _same(left, after[: len(left)])
    if alike < asked:
        raise AnswersDiffer(
            f"Of {asked} exact searches {asked - alike} find something else in the copy.",
            details={"searches": asked, "alike": alike},
        )
    return asked


async def _exactly(
    space: Space, feature_uri: str, vector: Vector, collection_id: str
) -> tuple[Hit, ...]:
    return await space.vectors.search(
        Query(feature_uri=feature_uri, vector=vector, collection_ids=(collection_id,), exact=True)
    )


def _same(before: Sequence[Hit], after: Sequence[Hit]) -> bool:
    return len(before) == len(after) and all(
        math.isclose(old.score, new.score, abs_tol=_TOLERANCE)
        for old, new in zip(before, after, strict=True)
    )
