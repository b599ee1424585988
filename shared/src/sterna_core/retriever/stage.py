"""The stages of a retriever's definition, as far as Sterna can carry them out."""

from collections.abc import Mapping
from itertools import starmap
from typing import Any, assert_never

import msgspec
from msgspec import Struct

from sterna_core.errors import Rejected
from sterna_core.namespace.feature_uri import parse_feature_uri
from sterna_core.namespace_store.condition import Condition
from sterna_core.retriever.filters import conditions_of

LIMIT_DEFAULT = 10
LIMIT_MAX = 1_000


class FeatureSearch(Struct, frozen=True, kw_only=True):
    """Find the documents whose vectors are nearest to the one of a text, or to a vector."""

    feature_uri: str
    query: Any = None
    limit: int = LIMIT_DEFAULT
    conditions: tuple[Condition, ...] = ()


class Filter(Struct, frozen=True, kw_only=True):
    """Keep of what was found what fits."""

    conditions: tuple[Condition, ...]


class Limit(Struct, frozen=True, kw_only=True):
    """Keep the first of what was found."""

    limit: int


Stage = FeatureSearch | Filter | Limit


def stages_of(definition: Mapping[str, Any]) -> tuple[Stage, ...]:
    """Read a definition's stages; raises Rejected where one means nothing here."""
    raw = definition.get("stages")
    if not isinstance(raw, list) or not raw:
        raise _refused(0, "A retriever has at least one stage.")
    stages = tuple(starmap(_stage, enumerate(raw)))
    for place, stage in enumerate(stages):
        match stage:
            case FeatureSearch():
                if place > 0:
                    raise _refused(place, "A feature search is the first stage, and the only one.")
            case Filter() | Limit():
                if place == 0:
                    raise _refused(place, "The first stage is a feature search.")
            case _:
                assert_never(stage)
    return stages


def _stage(place: int, raw: Any) -> Stage:
    if not isinstance(raw, dict):
        raise _refused(place, "A stage is an object.")
    config = raw.get("config", {})
    if not isinstance(config, dict):
        raise _refused(place, "The config of a stage is an object.")
    kind = raw.get("stage_type", raw.get("type"))
    match kind:
        case "feature_search":
            return _search(place, config)
        case "filter" | "attribute_filter":
            return Filter(conditions=conditions_of(config.get("filters", config.get("conditions"))))
        case "limit":
            return Limit(limit=_limit(place, config))
    raise _refused(place, "Only feature_search, filter and limit are carried out here.")


def _search(place: int, config: Mapping[str, Any]) -> FeatureSearch:
    text = config.get("feature_uri")
    uri = parse_feature_uri(text) if isinstance(text, str) else None
    if uri is None:
        raise _refused(place, "A feature search names a feature_uri.")
    query = next((config[name] for name in ("query", "text", "vector") if name in config), None)
    return FeatureSearch(
        feature_uri=str(uri),
        query=query,
        limit=_limit(place, config),
        conditions=conditions_of(config.get("filters")),
    )


def _limit(place: int, config: Mapping[str, Any]) -> int:
    limit = config.get("limit", config.get("top_k", LIMIT_DEFAULT))
    try:
        limit = msgspec.convert(limit, int)
    except msgspec.ValidationError:
        limit = 0
    if not 1 <= limit <= LIMIT_MAX:
        raise _refused(place, f"A limit is a whole number from 1 to {LIMIT_MAX:,}.")
    return int(limit)


def _refused(place: int, message: str) -> Rejected:
    return Rejected("stage_not_supported", message, {"stage": place})
