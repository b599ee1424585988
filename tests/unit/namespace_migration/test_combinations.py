"""Every option with every other, on namespaces with cycles and with references that lead nowhere."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some
from tests.support.namespace.configs import UNKNOWN, configs
from tests.support.namespace.namespaces import broken_namespaces, namespaces
from tests.support.namespace_migration.play import Play

from sterna_core.namespace.json_path import texts
from sterna_core.namespace.putting import held
from sterna_core.namespace.references import references
from sterna_core.namespace.resource import KINDS, Resource
from sterna_core.namespace.state import Held
from sterna_core.namespace_migration.config import (
    ClusterOptions,
    MigrationConfig,
    ResourceFilter,
    RetrieverOptions,
    TaxonomyOptions,
)
from sterna_core.namespace_migration.graph import dependencies, graph_of, kinds_of
from sterna_core.namespace_migration.id_map import id_map, kept_kinds
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_migration.validating import Validated, validate
from sterna_core.tasks import namespace_work as wk

_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@some.composite
def _asked(draw: some.DrawFn) -> tuple[tuple[Resource, ...], MigrationConfig]:
    resources = draw(namespaces() | broken_namespaces())
    return resources, draw(configs(resources))


def _needs(of: Resource, resources: tuple[Resource, ...]) -> set[str]:
    return set(dependencies(of, kinds_of(resources)))


def _is_circle(resources: tuple[Resource, ...]) -> bool:
    """Tell whether definitions need each other, by taking away what needs nothing that is left."""
    left = {each.resource_id: _needs(each, resources) for each in resources}
    while True:
        free = {name for name, needs in left.items() if not needs & set(left)}
        if not free:
            return bool(left)
        left = {name: needs for name, needs in left.items() if name not in free}


@settings(max_examples=100, deadline=None, suppress_health_check=_SLOW)
@given(_asked())
def test_whatever_is_asked_of_whatever_namespace_is_answered_and_told_place_by_place(
    asked: tuple[tuple[Resource, ...], MigrationConfig],
) -> None:
    resources, config = asked
    found = validate(config, resources)
    again = validate(config, tuple(reversed(resources)))
    assert (again.result, again.graph) == (found.result, found.graph)
    assert found.result.valid == (not found.result.errors)
    going, known = found.resources, kinds_of(resources)
    ids = {each.resource_id for each in going}
    assert ids <= set(known)
    errors = {each.loc: each.type for each in found.result.errors}
    warnings = {each.loc: each.type for each in found.result.warnings}
    for each in going:
        for one in references(each, known):
            if one.target_id in ids:
                continue
            where = (each.kind, each.resource_id, *one.path)
            if one.cut is not None:
                assert warnings[where] == "left_out"
            else:
                there = one.target_id in known
                kind = "dependency_not_included" if there else "dangling_reference"
                assert errors[where] == kind
    _check_graph(found)


def _check_graph(found: Validated) -> None:
    """Check that an order is there exactly where there can be one, and is one."""
    circle = [each for each in found.result.errors if each.type == "definition_cycle"]
    assert bool(circle) == _is_circle(found.resources)
    if found.graph is None:
        assert circle
        return
    place = {name: at for at, name in enumerate(found.graph.execution_order)}
    assert set(place) == {each.resource_id for each in found.resources}
    nodes = {each.resource_id: each for each in found.graph.nodes}
    for each in found.resources:
        needs = _needs(each, found.resources) & set(place)
        assert set(nodes[each.resource_id].dependencies) == needs
        assert all(place[one] < place[each.resource_id] for one in needs)
        tiers = [nodes[one].tier for one in needs]
        assert nodes[each.resource_id].tier == max((tier + 1 for tier in tiers), default=0)


@some.composite
def _copied(draw: some.DrawFn) -> tuple[tuple[Resource, ...], MigrationConfig]:
    resources = draw(namespaces())
    return resources, draw(configs(resources, ("copy",)))


@settings(max_examples=30, deadline=None, suppress_health_check=_SLOW)
@given(_copied())
def test_what_is_valid_can_be_made_step_by_step_and_names_nothing_that_is_not_there(
    asked: tuple[tuple[Resource, ...], MigrationConfig],
) -> None:
    resources, config = asked
    assume(validate(config, resources).result.valid)
    play = Play(resources, config)
    play.create()
    play.start()
    play.finish()
    assert play.view is not None
    assert play.view.status == "completed"
    there: dict[str, Held] = {}
    made: dict[str, Resource] = {}
    for task in play.delivered.values():
        if isinstance(task.work, wk.MakeResource | wk.AttachResource):
            new = task.work.made
            there[new.resource_id] = held(new, there)  # as the namespace itself checks it
            made[new.resource_id] = new
    going = validate(config, resources).resources
    assert len(made) == len(going)
    kinds = kinds_of(made.values())
    old_ids = set(kinds_of(resources)) - set(made)
    for each in made.values():
        named = {one.target_id for one in references(each, kinds)}
        assert named <= set(made)
        assert not {text for _, text in texts(each.definition)} & old_ids


_OLD, _NEW = "ns_old", "ns_new"
_EVERYTHING = (
    Resource("bkt_1", "bucket"),
    Resource(
        "col_1",
        "collection",
        {
            "source": {"type": "bucket", "bucket_ids": ["bkt_1"]},
            "taxonomy_applications": [{"taxonomy_id": "tax_1"}],
            "cluster_applications": [{"cluster_id": "clu_1"}],
            "retriever_enrichments": [{"retriever_id": "ret_1"}],
        },
    ),
    Resource("col_2", "collection", {"source": {"type": "cluster", "cluster_id": "clu_1"}}),
    Resource("clu_1", "cluster", {"collection_ids": ["col_1"], "output_collection_ids": ["col_2"]}),
    Resource(
        "ret_1",
        "retriever",
        {
            "collection_ids": ["col_1"],
            "stages": [
                {
                    "stage_type": "feature_search",
                    "config": {"feature_uri": "sterna://words@v1/embedding"},
                }
            ],
        },
    ),
    Resource(
        "tax_1",
        "taxonomy",
        {"retriever_id": "ret_1", "source_collection": {"collection_id": "col_1"}},
    ),
)
_DOCUMENT: Mapping[str, Any] = {
    "document_id": "doc_1",
    "collection_id": "col_1",
    "title": "tax_1",
    "cluster_id": "clu_1",
    "_taxonomy_tax_1": {"taxonomy_id": "tax_1", "document_id": "doc_2", "collection_id": "col_1"},
    "_internal": {"lineage": {"path": "bkt_1/obj_1/col_1", "source_document_id": "doc_3"}},
}
_ON_OFF = (True, False)


def test_every_combination_of_what_is_kept_gives_the_ids_and_the_fields_that_it_says() -> None:
    for everything, taxonomies, clusters, retrievers, fields, assignments, anew in product(
        _ON_OFF, repeat=7
    ):
        config = MigrationConfig(
            migration_type="copy",
            source_namespace_id=_OLD,
            preserve_resource_ids=everything,
            taxonomy_options=TaxonomyOptions(
                preserve_taxonomy_ids=taxonomies,
                preserve_enrichment_fields=fields,
                re_run_enrichment=anew,
            ),
            cluster_options=ClusterOptions(
                preserve_cluster_ids=clusters, preserve_assignments=assignments
            ),
            retriever_options=RetrieverOptions(preserve_retriever_ids=retrievers),
        )
        assert validate(config, _EVERYTHING).result.valid
        kept = {
            "bucket": everything,
            "collection": everything,
            "taxonomy": everything or taxonomies,
            "cluster": everything or clusters,
            "retriever": everything or retrievers,
        }
        assert kept_kinds(config) == {kind for kind in KINDS if kept[kind]}
        rewriting = Rewriting(
            ids=id_map(config, _EVERYTHING, _NEW),
            known=kinds_of(_EVERYTHING),
            keeps_enrichments=fields,
            keeps_assignments=assignments,
        )
        ids = rewriting.ids.resources
        assert all(
            (ids[each.resource_id] == each.resource_id) == kept[each.kind] for each in _EVERYTHING
        )
        _check_document(rewriting, everything=everything, fields=fields, assignments=assignments)


def _check_document(
    rewriting: Rewriting, *, everything: bool, fields: bool, assignments: bool
) -> None:
    ids = rewriting.ids.resources
    moved = rewriting.document(_DOCUMENT)
    name = f"_taxonomy_{ids['tax_1']}"
    wanted = {"document_id", "collection_id", "title", "_internal"}
    wanted |= {name} if fields else set()
    wanted |= {"cluster_id"} if assignments else set()
    assert set(moved) == wanted
    assert moved["title"] == "tax_1", "what its owner wrote stays"
    assert (moved["document_id"] == "doc_1") == everything
    assert moved["collection_id"] == ids["col_1"]
    lineage = moved["_internal"]["lineage"]
    assert lineage["path"] == f"{ids['bkt_1']}/obj_1/{ids['col_1']}"
    assert (lineage["source_document_id"] == "doc_3") == everything
    if fields:
        assert moved[name]["taxonomy_id"] == ids["tax_1"]
        assert moved[name]["collection_id"] == ids["col_1"]
        assert (moved[name]["document_id"] == "doc_2") == everything
    if assignments:
        assert moved["cluster_id"] == ids["clu_1"]


def test_every_combination_of_what_is_listed_and_followed_is_closed_or_told() -> None:
    lists: dict[str, tuple[tuple[str, ...] | None, ...]] = {
        "collection_ids": (None, (), ("col_1",), ("col_2", UNKNOWN)),
        "taxonomy_ids": (None, ("tax_1",)),
        "cluster_ids": (None, ("clu_1",)),
        "retriever_ids": (None, ("ret_1",)),
    }
    for chosen in product(*lists.values()):
        for follows, brings, anew in product(_ON_OFF, repeat=3):
            config = MigrationConfig(
                migration_type="copy",
                source_namespace_id=_OLD,
                filters=ResourceFilter(
                    **dict(zip(lists, chosen, strict=True)), auto_include_dependencies=follows
                ),
                taxonomy_options=TaxonomyOptions(
                    migrate_reference_collections=brings, re_run_enrichment=anew
                ),
            )
            found = validate(config, _EVERYTHING)
            ids = {each.resource_id for each in found.resources}
            wanted = {name for each in chosen for name in each or ()}
            told = {each.type for each in found.result.errors}
            assert (UNKNOWN in wanted) == ("not_found" in told)
            assert wanted - {UNKNOWN} <= ids
            unlisted = all(each is None for each in chosen)
            if unlisted or (follows and brings):
                assert "dependency_not_included" not in told
            if unlisted:
                assert ids == set(kinds_of(_EVERYTHING))
            elif not follows:
                assert ids == wanted - {UNKNOWN}
            if found.result.valid:
                assert found.graph == graph_of(found.resources)
                assert all(_needs(each, found.resources) <= ids for each in found.resources)
