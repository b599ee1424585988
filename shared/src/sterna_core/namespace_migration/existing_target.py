"""A namespace that is there already, as the target of a migration: it has to be fit for it."""

from collections.abc import Iterator
from operator import attrgetter

import msgspec
from msgspec import Struct

from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.finding import Finding, Findings
from sterna_core.namespace_migration.place import Place

_WHERE = ("config", "target_namespace_id")


class ExistingTarget(Struct, frozen=True, kw_only=True):
    """What was found of it: what it has, and which migrations are at work on it.

    `is_marked` says that a migration has begun to fill it, whatever became of that one.
    """

    place: Place
    resources: int = 0
    documents: int = 0
    adopted: bool = False
    is_marked: bool = False
    users: tuple[str, ...] = ()


def target_findings(
    config: MigrationConfig,
    target: ExistingTarget,
    source: Place,
    extractors: tuple[FeatureExtractor, ...],
) -> Findings:
    """Say what is against a target; `extractors` are those that it has to have."""
    return Findings(errors=tuple(_errors(config, target, source, extractors)))


def _errors(
    config: MigrationConfig,
    target: ExistingTarget,
    source: Place,
    extractors: tuple[FeatureExtractor, ...],
) -> Iterator[Finding]:
    place = target.place
    if place.namespace_id == source.namespace_id:
        if config.target_namespace_id != config.source_namespace_id:
            yield Finding(_WHERE, "The target is the source.", "same_namespace")
        return
    if config.target_namespace_name not in {None, place.name}:
        yield Finding(
            ("config", "target_namespace_name"),
            "The target is there and has another name; leave this out.",
            "target_name_differs",
        )
    if target.adopted:
        yield Finding(_WHERE, "The target was adopted, and is only read.", "adopted_space")
        return
    if target.users or target.is_marked:
        yield Finding(
            _WHERE,
            "The target is that of another migration, or was; a namespace is filled by one.",
            "target_in_use",
        )
    elif target.resources or target.documents:
        yield Finding(
            _WHERE,
            "The target has resources or documents; name one that is empty.",
            "target_not_empty",
        )
    if _by_name(place.extractors) != _by_name(extractors):
        yield Finding(
            _WHERE,
            "The target has other feature extractors than the documents that it is to hold.",
            "target_features_differ",
        )


def _by_name(extractors: tuple[FeatureExtractor, ...]) -> list[bytes]:
    """Tell extractors apart by all that makes their vectors; their order has no say."""
    encoder = msgspec.json.Encoder(order="deterministic")
    return sorted(
        encoder.encode(
            (
                each.feature_extractor_name,
                each.version,
                each.parameters,
                sorted(each.outputs, key=attrgetter("name")),
            )
        )
        for each in extractors
    )
