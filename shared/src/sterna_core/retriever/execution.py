"""Carries out a retriever on a space."""

from collections.abc import Mapping
from typing import Any, Protocol, assert_never

from msgspec import Struct

from sterna_core.errors import Rejected
from sterna_core.namespace_store.condition import Condition, matches
from sterna_core.namespace_store.query import Hit, Query
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector
from sterna_core.retriever.query import asked
from sterna_core.retriever.stage import FeatureSearch, Filter, Limit, Stage, stages_of


class QueryEmbedder(Protocol):
    """Makes the vector of a query, in the space of a feature."""

    async def embed(self, feature_uri: str, text: str) -> Vector:
        """Give the vector; raises Rejected where the extractor is not installed."""
        ...


class Asking(Struct, frozen=True, kw_only=True):
    """What somebody asks a retriever; `limit` and `conditions` narrow what its definition says."""

    inputs: dict[str, Any] = {}
    conditions: tuple[Condition, ...] = ()
    limit: int | None = None
    exact: bool = False


async def execute(
    space: Space, definition: Mapping[str, Any], asking: Asking, embedder: QueryEmbedder
) -> tuple[Hit, ...]:
    """Give what a retriever finds; raises Rejected, InvalidRequest, and what the store raises."""
    stages = stages_of(definition)
    refuse_other_spaces(stages, frozenset(each.uri for each in space.features))
    hits: tuple[Hit, ...] = ()
    for stage in stages:
        match stage:
            case FeatureSearch():
                hits = await _search(space, definition, stage, asking, embedder)
            case Filter():
                hits = tuple(
                    each for each in hits if matches(each.document.payload, stage.conditions)
                )
            case Limit():
                hits = hits[: stage.limit]
            case _:
                assert_never(stage)
    return hits if asking.limit is None else hits[: asking.limit]


def refuse_other_spaces(stages: tuple[Stage, ...], uris: frozenset[str]) -> None:
    """Refuse to look for vectors of one extractor among those of another, of whatever dimension."""
    for stage in stages:
        if isinstance(stage, FeatureSearch):
            refuse_other_space(stage.feature_uri, uris)


def refuse_other_space(feature_uri: str, uris: frozenset[str]) -> None:
    """Refuse a feature that a namespace holds no vectors of; raises Rejected."""
    if feature_uri not in uris:
        raise Rejected(
            "feature_not_held",
            "The namespace holds no vectors of the feature that this retriever searches.",
            {"feature_uri": feature_uri, "held": sorted(uris)},
        )


async def _search(
    space: Space,
    definition: Mapping[str, Any],
    stage: FeatureSearch,
    asking: Asking,
    embedder: QueryEmbedder,
) -> tuple[Hit, ...]:
    query = asked(stage.query, asking.inputs)
    if isinstance(query, str):
        query = await embedder.embed(stage.feature_uri, query)
    collections = definition.get("collection_ids")
    return await space.vectors.search(
        Query(
            feature_uri=stage.feature_uri,
            vector=query,
            limit=stage.limit,
            collection_ids=tuple(collections) if collections else None,
            conditions=(*stage.conditions, *asking.conditions),
            exact=asking.exact,
        )
    )
