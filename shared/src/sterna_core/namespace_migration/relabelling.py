"""Labels that are found anew: what an executor is asked for, and what cannot be compared then."""

from collections.abc import Iterable, Mapping

from sterna_core.namespace.references import references
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig, TaxonomyOptions
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.tasks.namespace_work import BringTaxonomy
from sterna_core.taxonomy.application import Application, applications
from sterna_core.taxonomy.field import ENRICHED
from sterna_core.taxonomy.taxonomy import field_of

Applied = dict[str, tuple[Application, ...]]
"""Where taxonomies are applied, by their ids."""


def re_runs(config: MigrationConfig) -> bool:
    """Tell whether documents of the target are labelled anew."""
    return (config.taxonomy_options or TaxonomyOptions()).re_run_enrichment


def applied(config: MigrationConfig, going: Iterable[Resource]) -> Applied:
    """Give where each taxonomy is applied again, of what goes along; nothing if none is."""
    if not re_runs(config):
        return {}
    there = {each.resource_id: each for each in going}
    return {
        name: tuple(each for each in places if each.collection_id in there)
        for name, places in applications(there.values()).items()
        if name in there
    }


def bring_taxonomy(
    config: MigrationConfig,
    going: tuple[Resource, ...],
    rewriting: Rewriting,
    taxonomy: Resource,
    found: Applied,
) -> BringTaxonomy:
    """Give what an executor has to know of a taxonomy."""
    target_id = rewriting.ids.resources[taxonomy.resource_id]
    if not re_runs(config):
        return BringTaxonomy(taxonomy=taxonomy, target_id=target_id)
    asked = {
        each.target_id
        for each in references(taxonomy, rewriting.known)
        if each.target_kind == "retriever"
    }
    return BringTaxonomy(
        taxonomy=taxonomy,
        target_id=target_id,
        made=rewriting.resource(taxonomy),
        retrievers=tuple(rewriting.resource(each) for each in going if each.resource_id in asked),
        applications=found.get(taxonomy.resource_id, ()),
    )


def relabelling(
    collection_id: str, found: Applied, resources: Mapping[str, Resource], rewriting: Rewriting
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the fields, and the taxonomies as the target knows them, of labels found anew.

    They are those of the documents of one collection.
    """
    made = [
        rewriting.resource(resources[name])
        for name, places in found.items()
        if any(each.collection_id == collection_id for each in places)
    ]
    fields = {name for each in made for name in (field_of(each), f"{ENRICHED}{each.resource_id}")}
    return tuple(sorted(fields)), tuple(sorted(each.resource_id for each in made))
