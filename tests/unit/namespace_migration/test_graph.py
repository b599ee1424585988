import pytest
from hypothesis import given
from tests.support.namespace.namespaces import namespaces

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.graph import DefinitionCycle, graph_of


@given(namespaces())
def test_nothing_comes_before_what_it_needs(resources: tuple[Resource, ...]) -> None:
    graph = graph_of(resources)
    place = {name: at for at, name in enumerate(graph.execution_order)}
    assert sorted(place) == sorted(each.resource_id for each in resources)
    for node in graph.nodes:
        assert all(place[each] < place[node.resource_id] for each in node.dependencies)


@given(namespaces())
def test_a_tier_is_one_above_the_highest_that_is_needed(resources: tuple[Resource, ...]) -> None:
    nodes = {each.resource_id: each for each in graph_of(resources).nodes}
    for node in nodes.values():
        below = [nodes[each].tier for each in node.dependencies]
        assert node.tier == max((tier + 1 for tier in below), default=0)


@given(namespaces())
def test_the_order_in_which_resources_are_given_does_not_matter(
    resources: tuple[Resource, ...],
) -> None:
    assert graph_of(resources) == graph_of(reversed(resources))


def test_a_collection_whose_taxonomy_searches_it_is_no_obstacle() -> None:
    graph = graph_of(
        [
            Resource(
                "col_1",
                "collection",
                {
                    "source": {"type": "bucket", "bucket_ids": ["bkt_1"]},
                    "taxonomy_applications": [{"taxonomy_id": "tax_1"}],
                },
            ),
            Resource("bkt_1", "bucket"),
            Resource("tax_1", "taxonomy", {"retriever_id": "ret_1"}),
            Resource(
                "ret_1",
                "retriever",
                {"collection_ids": ["col_1"], "stages": [{"config": {"taxonomy": "tax_1"}}]},
            ),
        ]
    )
    assert graph.execution_order == ("bkt_1", "col_1", "ret_1", "tax_1")
    assert [each.tier for each in graph.nodes] == [0, 1, 2, 3]


def test_definitions_that_need_each_other_are_named() -> None:
    def of(other: str) -> dict[str, object]:
        return {"source": {"type": "collection", "collection_id": other}}

    with pytest.raises(DefinitionCycle) as raised:
        graph_of(
            [
                Resource("col_1", "collection", of("col_2")),
                Resource("col_2", "collection", of("col_1")),
            ]
        )
    assert set(raised.value.details["cycle"]) == {"col_1", "col_2"}


def test_what_is_needed_and_not_there_is_no_node() -> None:
    graph = graph_of([Resource("ret_1", "retriever", {"collection_ids": ["col_9"]})])
    assert graph.execution_order == ("ret_1",)
    assert graph.nodes[0].dependencies == ()
