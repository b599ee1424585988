"""How a cluster is computed, read from its definition."""

from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from sterna_core.clustering.parameters import PARAMETERS, Algorithm, Parameters, named_parameters
from sterna_core.errors import Terminal
from sterna_core.namespace.feature_uri import parse_feature_uri

Centre = Literal["mean", "median", "medoid"]
_VECTOR, _ATTRIBUTE = "vector_config", "attribute_config"


class NotComputable(Terminal):
    """A cluster cannot be computed as its definition is; `place` is the path in it."""

    code = "cluster_not_computable"

    def __init__(self, place: tuple[str, ...], message: str) -> None:
        super().__init__(message, details={"place": ".".join(place)})
        self.place = place


class ClusterPlan(Struct, frozen=True, kw_only=True):
    """What is grouped, and how: by vectors of features side by side, or by attributes."""

    algorithm: Algorithm
    parameters: Parameters
    collection_ids: tuple[str, ...]
    features: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    normalize: bool = True
    centre: Centre = "mean"
    attributes: tuple[tuple[str, ...], ...] = ()
    """Paths of fields in the payload."""


def plan_of(definition: dict[str, Any]) -> ClusterPlan:
    """Read how a cluster is computed; raises NotComputable with the first thing in the way."""
    named = definition.get("collection_ids") or ()
    collections = tuple(dict.fromkeys(each for each in named if each))
    if not collections:
        raise NotComputable(("collection_ids",), "The cluster names no collections.")
    if definition.get("filters"):
        raise NotComputable(("filters",), "Clusters are computed over all of their documents.")
    by_vectors = definition.get(_VECTOR)
    algorithm = by_vectors.get("clustering_method") if isinstance(by_vectors, dict) else None
    by_attributes = definition.get("cluster_type") == "attribute" or by_vectors is None
    if by_attributes or algorithm == "attribute_based":
        return _by_attributes(definition, collections)
    if not isinstance(by_vectors, dict):
        raise NotComputable((_VECTOR,), "Input should be an object.")
    return _by_vectors(by_vectors, collections)


def _by_attributes(definition: dict[str, Any], collections: tuple[str, ...]) -> ClusterPlan:
    given = definition.get(_ATTRIBUTE)
    if not isinstance(given, dict):
        raise NotComputable(
            (_VECTOR,), "The cluster has neither a vector_config nor an attribute_config."
        )
    named = given.get("attributes")
    if not isinstance(named, list) or not named:
        raise NotComputable((_ATTRIBUTE, "attributes"), "Name the fields to group by.")
    if not all(isinstance(each, str) and each for each in named):
        raise NotComputable((_ATTRIBUTE, "attributes"), "The name of a field is a text.")
    if given.get("hierarchical_grouping"):
        raise NotComputable(
            (_ATTRIBUTE, "hierarchical_grouping"), "Groups of groups are not computed."
        )
    return ClusterPlan(
        algorithm="attribute_based",
        parameters=PARAMETERS["attribute_based"](),
        collection_ids=collections,
        attributes=tuple(tuple(each.split(".")) for each in named),
    )


def _by_vectors(given: dict[str, Any], collections: tuple[str, ...]) -> ClusterPlan:
    algorithm = given.get("clustering_method")
    if not isinstance(algorithm, str) or algorithm not in PARAMETERS:
        known = ", ".join(PARAMETERS)
        raise NotComputable((_VECTOR, "clustering_method"), f"Input should be one of {known}.")
    if given.get("sample_size") is not None:
        raise NotComputable(
            (_VECTOR, "sample_size"), "Clusters are computed over all documents: leave it out."
        )
    features = _features(given)
    strategy = given.get("multi_feature_strategy") or "concatenate"
    weights = given.get("feature_weights") or {}
    if len(features) > 1 and strategy != "concatenate" and not (strategy == "weighted" and weights):
        raise NotComputable(
            (_VECTOR, "multi_feature_strategy"),
            "Several features are put side by side: concatenate, or weighted by feature_weights.",
        )
    centre = given.get("effective_feature_method") or "mean"
    if centre not in get_args(Centre):
        raise NotComputable(
            (_VECTOR, "effective_feature_method"), "Input should be mean, median or medoid."
        )
    normalize = given.get("normalize_features")
    return ClusterPlan(
        algorithm=algorithm,
        parameters=_parameters(given, algorithm),
        collection_ids=collections,
        features=features,
        weights=_weights(weights, features),
        normalize=normalize is not False,
        centre=msgspec.convert(centre, Centre),
    )


def _features(given: dict[str, Any]) -> tuple[str, ...]:
    several, one = given.get("feature_uris"), given.get("feature_uri")
    named = several if isinstance(several, list) and several else [one] if one else []
    if not named:
        raise NotComputable((_VECTOR, "feature_uris"), "Name the features to group by.")
    found = []
    for text in named:
        uri = parse_feature_uri(text) if isinstance(text, str) else None
        if uri is None:
            raise NotComputable((_VECTOR, "feature_uris"), "This is not the address of a feature.")
        found.append(str(uri))
    return tuple(dict.fromkeys(found))  # two may have become one, where vectors are made anew


def _weights(given: Any, features: tuple[str, ...]) -> tuple[float, ...]:
    place = (_VECTOR, "feature_weights")
    if not isinstance(given, dict):
        raise NotComputable(place, "Input should be an object.")
    weights = dict.fromkeys(features, 1.0)
    for text, weight in given.items():
        uri = parse_feature_uri(text)
        if str(uri) not in weights:
            raise NotComputable(place, "It names a feature that is not among feature_uris.")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1:
            raise NotComputable(place, "A weight is a number from 0 to 1.")
        weights[str(uri)] = float(weight)
    return tuple(weights.values())


def _parameters(given: dict[str, Any], algorithm: Algorithm) -> Parameters:
    own = f"{algorithm}_parameters"
    field = own if given.get(own) else "algorithm_params"
    told = given.get(field) or {}
    if not isinstance(told, dict):
        raise NotComputable((_VECTOR, field), "Input should be an object.")
    named = named_parameters(told)
    try:
        return msgspec.convert(named, PARAMETERS[algorithm])
    except msgspec.ValidationError as error:
        raise NotComputable((_VECTOR, field), f"{error}.") from None
