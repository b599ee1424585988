from hypothesis import given
from hypothesis import strategies as some
from tests.support.namespace.namespaces import namespaces

from sterna_core.namespace.references import references
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import ResourceFilter
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.namespace_migration.selection import select


@some.composite
def _wishes(draw: some.DrawFn) -> tuple[tuple[Resource, ...], str]:
    resources = draw(namespaces())
    listed = [each.resource_id for each in resources if each.kind != "bucket"]
    return resources, draw(some.sampled_from(listed))


def _only(resources: tuple[Resource, ...], name: str, *, follow: bool = True) -> ResourceFilter:
    kind = kinds_of(resources)[name]
    return ResourceFilter(
        collection_ids=(name,) if kind == "collection" else None,
        taxonomy_ids=(name,) if kind == "taxonomy" else None,
        cluster_ids=(name,) if kind == "cluster" else None,
        retriever_ids=(name,) if kind == "retriever" else None,
        auto_include_dependencies=follow,
    )


@given(namespaces())
def test_without_a_filter_everything_goes_along(resources: tuple[Resource, ...]) -> None:
    chosen = select(resources, None)
    assert list(chosen.resources) == sorted(resources, key=lambda each: each.resource_id)
    assert chosen.added == ()
    assert chosen.findings.errors == ()


@given(_wishes())
def test_what_is_wanted_brings_all_that_it_names_and_so_on(
    wish: tuple[tuple[Resource, ...], str],
) -> None:
    resources, name = wish
    chosen = select(resources, _only(resources, name))
    ids = {each.resource_id for each in chosen.resources}
    known = kinds_of(resources)
    assert name in ids
    assert all(each.target_id in ids for one in chosen.resources for each in references(one, known))
    assert not chosen.findings.errors
    assert not chosen.findings.warnings
    assert set(chosen.added) == ids - {name}


@given(_wishes())
def test_what_may_not_follow_is_told_place_by_place(
    wish: tuple[tuple[Resource, ...], str],
) -> None:
    resources, name = wish
    chosen = select(resources, _only(resources, name, follow=False))
    assert [each.resource_id for each in chosen.resources] == [name]
    named = references(chosen.resources[0], kinds_of(resources))
    others = [each for each in named if each.target_id != name]
    told = len(chosen.findings.errors) + len(chosen.findings.warnings)
    assert told == len(others)
    assert all(each.type == "dependency_not_included" for each in chosen.findings.errors)


def test_what_the_namespace_does_not_have_is_an_error_at_its_place() -> None:
    chosen = select(
        [Resource("bkt_1", "bucket")], ResourceFilter(collection_ids=("bkt_1", "col_9"))
    )
    assert [each.loc for each in chosen.findings.errors] == [
        ("config", "filters", "collection_ids", 0),
        ("config", "filters", "collection_ids", 1),
    ]


def test_a_definition_that_leads_nowhere_is_an_error() -> None:
    chosen = select([Resource("ret_1", "retriever", {"collection_ids": ["col_9"]})], None)
    (error,) = chosen.findings.errors
    assert (error.type, error.loc) == (
        "dangling_reference",
        ("retriever", "ret_1", "collection_ids", 0),
    )


def test_a_taxonomy_does_not_bring_its_labels_where_it_may_not() -> None:
    resources = [
        Resource("col_1", "collection"),
        Resource("col_2", "collection"),
        Resource("ret_1", "retriever", {"collection_ids": ["col_2"]}),
        Resource(
            "tax_1",
            "taxonomy",
            {"retriever_id": "ret_1", "source_collection": {"collection_id": "col_1"}},
        ),
    ]
    chosen = select(
        resources, ResourceFilter(taxonomy_ids=("tax_1",)), with_reference_collections=False
    )
    assert [each.resource_id for each in chosen.resources] == ["col_2", "ret_1", "tax_1"]
    assert [each.type for each in chosen.findings.errors] == ["dependency_not_included"]
