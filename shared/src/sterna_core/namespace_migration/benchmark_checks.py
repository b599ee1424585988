"""Whether migrated retrievers can be held against the old ones by queries."""

from collections.abc import Iterable, Iterator

from sterna_core.errors import Rejected
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.finding import Finding, Findings
from sterna_core.retriever.reach import reach_of
from sterna_core.retriever.stage import FeatureSearch, stages_of

_NAMED = ("config", "benchmark_options", "retriever_ids")


def asks_queries(config: MigrationConfig) -> bool:
    """Tell whether somebody counts on queries; those of a copy without options are a bonus."""
    return config.migration_type != "copy" or bool(config.benchmark_options)


def benchmark_checks(
    config: MigrationConfig, going: Iterable[Resource], embeddable: frozenset[str] | None
) -> Findings:
    """Name the retrievers that queries cannot be asked of.

    `embeddable` are the features that texts of the source can be embedded for, None where nobody
    knows. A copy is compared by the vectors of its source in any case: there it is a warning only
    where options for the benchmark were given.
    """
    retrievers = {each.resource_id: each for each in going if each.kind == "retriever"}
    errors = tuple(
        Finding((*_NAMED, place), f"No retriever {name} comes along.", "not_found")
        for place, name in enumerate(config.benchmark.retriever_ids or ())
        if name not in retrievers
    )
    if not asks_queries(config):
        return Findings(errors)
    warnings = [warning for each in retrievers.values() for warning in _unasked(each, embeddable)]
    return Findings(errors, tuple(warnings))


def _unasked(retriever: Resource, embeddable: frozenset[str] | None) -> Iterator[Finding]:
    where = ("retriever", retriever.resource_id, "stages")
    try:
        reach_of(retriever.definition, ())
    except Rejected as refused:
        message = f"{refused.message} No queries are asked for the benchmark."
        yield Finding(where, message, "retriever_not_benchmarked")
        return
    for stage in stages_of(retriever.definition):
        if not isinstance(stage, FeatureSearch) or embeddable is None:
            continue
        if stage.feature_uri not in embeddable:
            message = (
                f"The extractor of {stage.feature_uri} is not installed here: no queries are asked"
                " for the benchmark."
            )
            yield Finding(where, message, "retriever_not_benchmarked")
