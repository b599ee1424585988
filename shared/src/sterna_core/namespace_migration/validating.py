"""What is known of a migration before it begins: whether it can be done, and what it takes along."""

import math
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b

import msgspec
from msgspec import Struct

from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace_estimate.figures import Estimates
from sterna_core.namespace_estimate.findings import warnings_of
from sterna_core.namespace_migration.benchmark_checks import benchmark_checks
from sterna_core.namespace_migration.clashes import clashes
from sterna_core.namespace_migration.cluster_checks import cluster_checks
from sterna_core.namespace_migration.config import (
    MigrationConfig,
    TaxonomyOptions,
)
from sterna_core.namespace_migration.date_range import WrongDateRange, read_date_range
from sterna_core.namespace_migration.enrichment_checks import enrichment_checks
from sterna_core.namespace_migration.features import Extractors, by_address
from sterna_core.namespace_migration.finding import Finding, Findings
from sterna_core.namespace_migration.graph import DefinitionCycle, Graph, graph_of
from sterna_core.namespace_migration.re_extraction import re_extraction_findings
from sterna_core.namespace_migration.selection import select

FINDINGS_MAX = 200
"""Errors, and warnings, that are told; a namespace may have as many as it has references."""


class ValidationResult(Struct, frozen=True, kw_only=True):
    """Whether a migration can be done, and how much it would move."""

    valid: bool
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    estimated_resources: dict[ResourceKind, int] = {}
    estimated_duration_seconds: int | None = None
    estimates: Estimates | None = None


class Validated(Struct, frozen=True, kw_only=True):
    """A validation with all that it was made from."""

    result: ValidationResult
    graph: Graph | None
    resources: tuple[Resource, ...]
    """What goes along, in the order of execution where there is one."""

    @property
    def digest(self) -> str:
        """Tell the resources that were looked at from others."""
        return digest_of(self.resources)


def with_estimates(result: ValidationResult, estimates: Estimates | None) -> ValidationResult:
    """Give a result with what was measured, and the warnings that follow from it."""
    if estimates is None:
        return result
    duration = estimates.duration_seconds
    return msgspec.structs.replace(
        result,
        warnings=(*result.warnings, *warnings_of(estimates))[:FINDINGS_MAX],
        estimated_duration_seconds=None if duration is None else math.ceil(duration.value),
        estimates=estimates,
    )


def digest_of(resources: Iterable[Resource]) -> str:
    """Give what tells a list of resources from another."""
    encoder = msgspec.json.Encoder(order="deterministic")
    return blake2b(encoder.encode(tuple(resources)), digest_size=16).hexdigest()


def validate(
    config: MigrationConfig,
    resources: Iterable[Resource],
    *,
    source_id: str | None = None,
    of_target: Findings = Findings(),  # ruff: ignore[function-call-in-default-argument]  # frozen
    embeddable: frozenset[str] | None = None,
    source_extractors: Extractors = (),
    target_extractors: Extractors | None = None,
) -> Validated:
    """Look at a migration without changing anything.

    `source_id` is the id of the source, which the configuration may call by a name; `of_target` was
    found of its target. `embeddable` are the features of the source that texts can be embedded for,
    None where nobody knows; `target_extractors` are those of a re-extraction, where they are known.
    """
    taxonomies = config.taxonomy_options or TaxonomyOptions()
    selection = select(
        resources,
        config.filters,
        with_reference_collections=taxonomies.migrate_reference_collections,
    )
    going = selection.resources
    held = frozenset(map(str, by_address(source_extractors)))
    findings = (
        selection.findings
        + clashes(config, going)
        + cluster_checks(config, source_id or config.source_namespace_id, going, held)
        + enrichment_checks(config, going, embeddable)
        + benchmark_checks(config, going, embeddable)
        + _dates(config)
        + of_target
    )
    if config.migration_type == "re_extract" and target_extractors is not None:
        findings += re_extraction_findings(config, going, source_extractors, target_extractors)
    graph: Graph | None = None
    try:
        graph = graph_of(going)
    except DefinitionCycle as cycle:
        names = ", ".join(map(str, cycle.details["cycle"][:10]))
        findings += Findings(
            errors=(Finding(("config", "filters"), f"{cycle.message} ({names})", cycle.code),)
        )
    if graph is not None:
        by_id = {each.resource_id: each for each in going}
        going = tuple(by_id[name] for name in graph.execution_order)
    return Validated(
        result=ValidationResult(
            valid=not findings.errors,
            errors=findings.errors[:FINDINGS_MAX],
            warnings=findings.warnings[:FINDINGS_MAX],
            estimated_resources=dict(Counter(each.kind for each in going)),
        ),
        graph=graph,
        resources=going,
    )


def _dates(config: MigrationConfig) -> Findings:
    try:
        read_date_range(config.filters.date_range if config.filters else None)
    except WrongDateRange as wrong:
        where = ("config", "filters", "date_range", *((wrong.key,) if wrong.key else ()))
        return Findings(errors=(Finding(where, wrong.message, wrong.code),))
    return Findings()
