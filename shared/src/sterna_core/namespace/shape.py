"""What is wrong with a definition by itself: where it names others or features, by no text."""

from collections.abc import Iterator
from typing import Any, Final

from sterna_core.namespace.feature_uri import parse_feature_uri
from sterna_core.namespace.json_path import Path, Pattern, pattern, places
from sterna_core.namespace.references import named_places
from sterna_core.namespace.resource import Resource, ResourceKind

Misfit = tuple[Path, str, str]
"""Where, in words, and as a stable type."""

_LISTS: Final[dict[ResourceKind, tuple[Pattern, ...]]] = {
    "bucket": (),
    "collection": tuple(
        pattern(name)
        for name in ("taxonomy_applications", "cluster_applications", "retriever_enrichments")
    ),
    "cluster": (pattern("collection_ids"),),
    "retriever": (pattern("collection_ids"), pattern("stages")),
    "taxonomy": (pattern("hierarchical_nodes"),),
}
_FEATURES: Final[dict[ResourceKind, tuple[Pattern, ...]]] = {
    "bucket": (),
    "collection": (),
    "cluster": (pattern("vector_config.feature_uris[]"),),
    "retriever": (pattern("feature_dependencies[]"), pattern("stages[].config.feature_uri")),
    "taxonomy": (),
}


def misfits(resource: Resource) -> Iterator[Misfit]:
    """Give what can mean nothing, whatever else the namespace has."""
    definition = resource.definition
    for steps in _LISTS[resource.kind]:
        for path, value in places(definition, steps):
            if value is not None and not isinstance(value, list):
                yield path, "Input should be an array", "list_expected"
    for path, value in named_places(resource):
        if value is not None and not isinstance(value, str):
            yield path, "Input should be the id of a resource", "id_expected"
    for steps in _FEATURES[resource.kind]:
        for path, value in places(definition, steps):
            if not _is_address(value):
                yield (
                    path,
                    "Input should be extractor@version/output behind sterna://",
                    "feature_uri",
                )
    if resource.kind == "retriever":
        for path, value in places(definition, pattern("stages[]")):
            if not isinstance(value, dict):
                yield path, "A stage should be an object", "stage_expected"


def searched_features(resource: Resource) -> Iterator[str]:
    """Give the features that a retriever's stages search, as Sterna writes addresses."""
    if resource.kind == "retriever":
        for _, value in places(resource.definition, pattern("stages[].config.feature_uri")):
            uri = parse_feature_uri(value) if isinstance(value, str) else None
            if uri is not None:
                yield str(uri)


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and parse_feature_uri(value) is not None
