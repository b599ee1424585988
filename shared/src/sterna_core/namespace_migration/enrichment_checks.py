"""Whether documents can be labelled anew by what goes along, before anything is begun."""

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from sterna_core.errors import InvalidRequest, Rejected
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.finding import Finding, Findings
from sterna_core.namespace_migration.relabelling import applied, re_runs
from sterna_core.namespace_store.condition import check_condition
from sterna_core.retriever.filters import conditions_of
from sterna_core.retriever.query import asked
from sterna_core.retriever.stage import FeatureSearch, Filter, Limit, Stage, stages_of
from sterna_core.taxonomy.field import ENRICHED
from sterna_core.taxonomy.input_mapping import InputMapping
from sterna_core.taxonomy.node import Node
from sterna_core.taxonomy.taxonomy import field_of, taxonomy_of

IMPOSSIBLE = "enrichment_not_possible"
_EXAMPLES: Mapping[str, Any] = {"payload": "text", "vector": [1.0]}


def enrichment_checks(
    config: MigrationConfig, going: tuple[Resource, ...], embeddable: frozenset[str] | None
) -> Findings:
    """Look at every taxonomy, where they are to be carried out again.

    `embeddable` are the features that texts of the source can be embedded for, None where nobody
    knows; those of a re-extraction can be in any case.
    """
    if not re_runs(config):
        return Findings()
    by_id = {each.resource_id: each for each in going}
    found = applied(config, going)
    errors: list[Finding] = []
    warnings: list[Finding] = []
    fields: dict[str, str] = {}
    for resource in going:
        if resource.kind != "taxonomy":
            continue
        places = found.get(resource.resource_id, ())
        if not places:
            message = "The taxonomy is applied to no collection that goes along: nothing is done."
            where = ("taxonomy", resource.resource_id)
            warnings.append(Finding(where, message, "taxonomy_not_applied"))
            continue
        errors += _of_taxonomy(resource, by_id)
        if config.migration_type == "copy" and embeddable is not None:
            warnings += _not_installed(resource, by_id, embeddable)
        for each in places:
            errors += _of_filters(resource, each.collection_id, each.filters)
        other = fields.setdefault(field_of(resource), resource.resource_id)
        if other != resource.resource_id:
            message = f"The taxonomy {other} writes into the same field: give another name."
            errors.append(_at(resource, ("taxonomy_name",), message))
    return Findings(tuple(dict.fromkeys(errors)), tuple(dict.fromkeys(warnings)))


def _of_taxonomy(resource: Resource, by_id: Mapping[str, Resource]) -> Iterator[Finding]:
    try:
        taxonomy = taxonomy_of(resource)
    except Rejected as refused:
        yield _at(resource, tuple(refused.details["path"]), refused.message)
        return
    for node in taxonomy.nodes:
        if node.collection_id not in by_id:
            message = (
                f"{node.collection_id} has the labels and does not come along, so that documents"
                " cannot be labelled anew: take it along, or leave re_run_enrichment out."
            )
            yield Finding(
                ("taxonomy", resource.resource_id), message, "reference_collection_left_behind"
            )
        retriever = by_id.get(node.retriever_id)
        if retriever is not None:  # what is needed and does not come along is told elsewhere
            yield from _of_retriever(resource, node, retriever)


def _of_retriever(resource: Resource, node: Node, retriever: Resource) -> Iterator[Finding]:
    try:
        stages = stages_of(retriever.definition)
    except Rejected as refused:
        message = f"The retriever {retriever.resource_id} cannot be asked: {refused.message}"
        yield _at(resource, ("retriever_id",), message)
        return
    search = stages[0]
    assert isinstance(search, FeatureSearch)
    for each in node.mappings:
        if each.feature_uri not in {None, search.feature_uri}:
            message = (
                f"The retriever {retriever.resource_id} searches {search.feature_uri}: the vector"
                f" of {each.feature_uri} is of another space."
            )
            yield _at(resource, ("input_mappings",), message)
    if any(field.startswith(ENRICHED) for stage in stages for field in _filtered(stage)):
        message = f"The retriever {retriever.resource_id} filters by what taxonomies write."
        yield _at(resource, ("retriever_id",), message)
    try:
        asked(search.query, {each.input_key: _example(each) for each in node.mappings})
    except InvalidRequest:
        message = f"The retriever {retriever.resource_id} asks for other inputs than are mapped."
        yield _at(resource, ("input_mappings",), message)


def _not_installed(
    resource: Resource, by_id: Mapping[str, Resource], embeddable: frozenset[str]
) -> Iterator[Finding]:
    """Find texts that would be asked with, and nobody here can embed; executors may know more."""
    try:
        nodes = taxonomy_of(resource).nodes
        searches = {
            node.retriever_id: stages_of(by_id[node.retriever_id].definition)[0]
            for node in nodes
            if node.retriever_id in by_id
        }
    except Rejected:
        return  # told as an error
    for node in nodes:
        search = searches.get(node.retriever_id)
        if not isinstance(search, FeatureSearch) or search.feature_uri in embeddable:
            continue
        if all(each.source == "vector" for each in node.mappings):
            continue
        message = (
            f"Documents ask with texts, and the extractor of {search.feature_uri} is not"
            " installed here: map vectors, or install it where executors run."
        )
        where = ("taxonomy", resource.resource_id, "input_mappings")
        yield Finding(where, message, "extractor_not_installed")


def _of_filters(
    resource: Resource, collection_id: str, filters: tuple[Any, ...]
) -> Iterator[Finding]:
    for raw in filters:
        try:
            for each in conditions_of(raw):
                check_condition(each)
        except (Rejected, InvalidRequest) as refused:
            where = ("collection", collection_id, "taxonomy_applications")
            message = f"The scroll_filters of {resource.resource_id}: {refused.message}"
            yield Finding(where, message, IMPOSSIBLE)


def _filtered(stage: Stage) -> tuple[str, ...]:
    match stage:
        case FeatureSearch() | Filter():
            return tuple(each.field for each in stage.conditions)
        case Limit():
            return ()
    assert_never(stage)


def _example(mapping: InputMapping) -> Any:
    return _EXAMPLES.get(mapping.source, mapping.value)


def _at(resource: Resource, path: tuple[str | int, ...], message: str) -> Finding:
    return Finding(("taxonomy", resource.resource_id, *path), message, IMPOSSIBLE)
