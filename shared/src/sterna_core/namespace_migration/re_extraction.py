"""What stands against making the vectors of a namespace anew, and what may surprise."""

from collections.abc import Iterable, Iterator

from sterna_core.namespace.feature_uri import FeatureUri, parse_feature_uri
from sterna_core.namespace.json_path import Path, pattern, places, texts
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.features import (
    Extractors,
    FeatureMatch,
    by_address,
    match_features,
    same_space,
)
from sterna_core.namespace_migration.finding import Finding, Findings

_ASKED = ("query", "text", "vector")


def match_of(config: MigrationConfig, old: Extractors, new: Extractors) -> FeatureMatch:
    """Give what becomes of features in a migration; in a copy they stay as they are."""
    if config.migration_type != "re_extract":
        return FeatureMatch({each: each for each in by_address(old)})
    return match_features(old, new, config.feature_mapping or None)


def re_extraction_findings(
    config: MigrationConfig, resources: Iterable[Resource], old: Extractors, new: Extractors
) -> Findings:
    """Look at what goes along, and at the extractors of the source and of the target."""
    match, going = match_of(config, old, new), tuple(resources)
    return Findings(
        errors=(
            *_unknown(match),
            *_unclear(match, going, old, new),
            *_old_vectors(match, going, old, new),
        ),
        warnings=(*_merged(match, going, old), *_nothing_new(match, old, new)),
    )


def _unknown(match: FeatureMatch) -> Iterator[Finding]:
    for text in match.unknown:
        yield Finding(
            ("config", "feature_mapping", text[:200]),
            "A mapping leads from a feature of the source to one of the target; this is neither.",
            "feature_not_found",
        )


def _unclear(
    match: FeatureMatch, going: tuple[Resource, ...], old: Extractors, new: Extractors
) -> Iterator[Finding]:
    """Find features with no successor, where something names them; documents need none."""
    choice = ", ".join(map(str, by_address(new)))
    for uri in sorted(set(match.unclear) & _named(going, old)):
        yield Finding(
            ("config", "feature_mapping"),
            f"It is not clear which feature takes the place of {uri}; say it in feature_mapping."
            f" The target has {choice}.",
            "feature_unclear",
        )


def _merged(match: FeatureMatch, going: tuple[Resource, ...], old: Extractors) -> Iterator[Finding]:
    named = _named(going, old)
    for uri in sorted(set(match.pairs.values())):
        befores = sorted(one for one, other in match.pairs.items() if other == uri and one in named)
        if len(befores) > 1:
            yield Finding(
                ("config", "feature_mapping"),
                f"{', '.join(map(str, befores))} all become {uri}: what tells them apart now will"
                " ask the same twice.",
                "features_merged",
            )


def _nothing_new(match: FeatureMatch, old: Extractors, new: Extractors) -> Iterator[Finding]:
    if match.pairs and all(same_space(old, new, pair) for pair in match.pairs.items()):
        yield Finding(
            ("config", "feature_extractors"),
            "These are the source's extractors: the same vectors are made again; copy keeps them.",
            "same_vector_space",
        )


def _old_vectors(
    match: FeatureMatch, going: tuple[Resource, ...], old: Extractors, new: Extractors
) -> Iterator[Finding]:
    """Find numbers that a retriever asks with: in the new space they mean something else."""
    for resource in going:
        if resource.kind != "retriever":
            continue
        for path, uri, config in _searches(resource):
            pair = (uri, match.pairs[uri]) if uri in match.pairs else None
            if pair is None or same_space(old, new, pair):
                continue
            for name in _ASKED:
                if isinstance(config.get(name), list):
                    yield Finding(
                        (resource.kind, resource.resource_id, *path, name),
                        "This vector is of the old space and says nothing in the new one; ask with"
                        " a text, or with an input.",
                        "vector_of_old_space",
                    )


def _searches(retriever: Resource) -> Iterator[tuple[Path, FeatureUri, dict[str, object]]]:
    for path, config in places(retriever.definition, pattern("stages[].config")):
        text = config.get("feature_uri") if isinstance(config, dict) else None
        uri = parse_feature_uri(text) if isinstance(text, str) else None
        if uri is not None:
            yield path, uri, config


def _named(going: tuple[Resource, ...], old: Extractors) -> set[FeatureUri]:
    """Give the features of the source that something going along names."""
    found = {
        parse_feature_uri(text)
        for resource in going
        for _, text in texts(resource.definition)
        if "://" in text
    }
    return {each for each in by_address(old) if each in found}
