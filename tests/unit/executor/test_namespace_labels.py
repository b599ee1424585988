"""Documents that are labelled anew, from one store in memory to another."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.namespace_migration.labelling import SEARCH, THINGS, World, resources

from sterna_core.errors import Rejected, Transient
from sterna_core.namespace.resource import Resource
from sterna_executor.namespaces.copying import DocumentsDiffer


async def test_every_document_gets_the_label_that_lies_nearest() -> None:
    world = await World(resources()).fill()
    figures = await world.label()
    assert figures == {
        "documents": 17,
        "labelled_before": 11,
        "labelled_after": 9,
        "labels_changed": 11,
        "labels_changed_share": round(11 / 17, 6),
    }
    found = await world.documents()
    owl, gull = found[4]["_taxonomy_kind"], found[1]["_taxonomy_kind"]
    assert owl["document_id"] == world.rewriting.ids.document("owl")
    assert owl["collection_id"] == world.rewriting.ids.resources["col_birds"]
    assert owl["fields"] == {"sound": "owl!", "tags": ["old 4", "owl"]}
    assert (gull["label"], gull["fields"]["tags"]) == ("gull", ["old 1", "gull"])
    assert "_taxonomy_kind" not in found[3]
    assert found[2]["_taxonomy_kind"] == {"taxonomy_id": "tax_1", "fields": {"tags": ["old 2"]}}


async def test_nothing_is_kept_of_what_was_there_where_it_is_not_preserved() -> None:
    world = await World(resources(), preserve_enrichment_fields=False).fill()
    figures = await world.label()
    assert (figures["labelled_before"], figures["labels_changed"]) == (11, 11)
    found = await world.documents()
    assert found[4]["_taxonomy_kind"]["fields"] == {"sound": "owl!", "tags": ["owl"]}
    assert "_taxonomy_kind" not in found[2]


async def test_only_documents_that_fit_the_filter_of_an_application_are_labelled() -> None:
    fits = {"scroll_filters": [{"field": "number", "operator": "lt", "value": 3}]}
    world = await World(resources(application=fits)).fill()
    before = await world.documents()
    figures = await world.label()
    found = await world.documents()
    assert {number for number in found if found[number] != before[number]} == {0, 1, 2}
    assert (figures["documents"], figures["labels_changed"]) == (17, 3)


async def test_what_documents_keep_without_being_asked_is_compared_with_their_source() -> None:
    fits = {"scroll_filters": {"number": 0}}
    world = await World(resources(application=fits)).fill()
    shelf = world.spaces.target.documents
    (one,) = await shelf.get([world.rewriting.ids.document("doc_04")])
    await shelf.upsert([msgspec.structs.replace(one, payload={"number": 4})])
    with pytest.raises(DocumentsDiffer):
        await world.label()


async def test_a_filter_of_the_retriever_is_kept_to() -> None:
    stages = [SEARCH, {"stage_type": "filter", "config": {"filters": {"name": "gull"}}}]
    going = resources(threshold=-1)
    retriever = Resource("ret_1", "retriever", {"stages": stages})
    world = await World((*going[:2], retriever, going[3])).fill()
    await world.label()
    found = (await world.documents()).values()
    labels = {each.get("_taxonomy_kind", {}).get("label") for each in found}
    assert labels == {"gull", None}


async def test_texts_are_embedded_each_once_a_page_and_ask_as_vectors_do() -> None:
    world = await World(resources(input_mappings={"query": "title"})).fill()
    figures = await world.label()
    assert figures["labelled_after"] == 9
    assert sorted(set(world.embedder.asked)) == ["gull", "owl", "what"]
    assert len(world.embedder.asked) < THINGS
    world.embedder.installed = False
    other = await World(resources(input_mappings={"query": "title"})).fill()
    other.embedder.installed = False
    with pytest.raises(Rejected, match="not installed"):
        await other.label()


async def test_a_document_goes_down_a_hierarchy_of_collections() -> None:
    nodes = [
        {"collection_id": "col_birds", "label": "Birds", "threshold": 0.1},
        {"collection_id": "col_things", "parent_collection_id": "col_birds", "threshold": 0.99},
    ]
    world = await World(resources(hierarchical_nodes=nodes)).fill()
    await world.label()
    found = (await world.documents())[0]["_taxonomy_kind"]
    things = world.rewriting.ids.resources["col_things"]
    assert found["path"] == ["Birds", things]
    same = [world.rewriting.ids.document(f"doc_{number:02}") for number in range(0, THINGS, 4)]
    assert found["document_id"] == min(same), "of those that are equally near, the lesser id"


async def test_what_was_written_and_is_not_there_is_found_out() -> None:
    world = await World(resources()).fill()
    await world.label()
    shelf = world.spaces.target.documents
    (one,) = await shelf.get([world.rewriting.ids.document("doc_04")])
    await shelf.upsert([msgspec.structs.replace(one, payload={"number": 4})])
    with pytest.raises(DocumentsDiffer):
        await world.label()


@settings(max_examples=40, deadline=None)
@given(
    some.lists(
        some.tuples(some.integers(0, 5), some.sampled_from(["before", "amid", "behind"])),
        max_size=3,
    ),
    some.booleans(),
)
async def test_whoever_dies_wherever_the_target_is_as_if_nobody_had(
    deaths: list[tuple[int, str]], keeps: bool
) -> None:
    whole = await World(resources(), preserve_enrichment_fields=keeps).fill()
    broken = await World(resources(), preserve_enrichment_fields=keeps).fill()
    figures = await whole.label()
    for death in deaths:
        try:
            await broken.label(broken=death)
        except Transient:
            continue
    assert await broken.label() == figures
    assert await broken.documents() == await whole.documents()
    assert await broken.label() == figures, "done once more, it is the same"
