"""Namespaces as Hypothesis draws them: sound ones, with the cycles that attachments make."""

from random import Random
from typing import Any

from hypothesis import strategies as some

from sterna_core.namespace.resource import Resource

URI = "mixpeek://text_extractor@v1/embedding"


def _ids(prefix: str, count: int) -> list[str]:
    return [f"{prefix}_{number}" for number in range(count)]


def _search(deep: list[dict[str, str]]) -> dict[str, Any]:
    """Give a stage that can be carried out, and names others in passing."""
    return {"stage_type": "feature_search", "config": {"feature_uri": URI, "deep": deep}}


@some.composite
def namespaces(draw: some.DrawFn) -> tuple[Resource, ...]:
    """Definitions need only what was made before them; attachments lead anywhere.

    Sizes are drawn, and a seed for the rest: drawn one by one, the edges take most of a test's time.
    """
    buckets = _ids("bkt", draw(some.integers(1, 3)))
    collections = _ids("col", draw(some.integers(1, 5)))
    clusters = _ids("clust", draw(some.integers(0, 2)))
    retrievers = _ids("ret", draw(some.integers(0, 3)))
    taxonomies = _ids("tax", draw(some.integers(0, 2 if retrievers else 0)))
    chance = Random(draw(some.integers(0, 2**32)))  # drawn, so it repeats
    made = [Resource(name, "bucket", {"unique_key": {"fields": ["sku"]}}) for name in buckets]

    def several(of: list[str], least: int = 0) -> list[str]:
        return chance.sample(of, chance.randint(min(least, len(of)), min(3, len(of))))

    for number, name in enumerate(collections):
        earlier = collections[:number]
        source: dict[str, Any] = {"type": "bucket", "bucket_ids": several(buckets, 1)}
        if earlier and chance.random() < 0.5:
            source = {"type": "collection", "collection_ids": several(earlier, 1)}
        definition = {
            "source": source,
            "taxonomy_applications": [
                {"taxonomy_id": each, "target_collection_id": chance.choice(collections)}
                for each in several(taxonomies)
            ],
            "cluster_applications": [{"cluster_id": each} for each in several(clusters)],
            "retriever_enrichments": [{"retriever_id": each} for each in several(retrievers)],
        }
        made.append(Resource(name, "collection", definition))
    for name in clusters:
        definition = {
            "collection_ids": several(collections, 1),
            "output_collection_ids": several(collections),
            "child_cluster_ids": several([each for each in clusters if each != name]),
            "vector_config": {"feature_uris": [URI]},
        }
        made.append(Resource(name, "cluster", definition))
    for name in retrievers:
        mentioned = several(taxonomies) + several(collections)
        definition = {
            "collection_ids": several(collections, 1),
            "feature_dependencies": [URI],
            "stages": [{"config": {"uri": URI, "deep": [{"of": each}]}} for each in mentioned]
            if chance.random() < 0.5
            else [_search([{"of": each} for each in mentioned])],
        }
        made.append(Resource(name, "retriever", definition))
    for name in taxonomies:
        definition = {
            "retriever_id": chance.choice(retrievers),
            "source_collection": {"collection_id": chance.choice(collections)},
            "hierarchical_nodes": [{"collection_id": each} for each in several(collections)],
            "input_mappings": {"text": URI},
        }
        made.append(Resource(name, "taxonomy", definition))
    chance.shuffle(made)
    return tuple(made)


@some.composite
def broken_namespaces(draw: some.DrawFn) -> tuple[Resource, ...]:
    """Namespaces that nobody can have made: parts of them are gone, or need each other in turn."""
    made = draw(namespaces())
    chance = Random(draw(some.integers(0, 2**32)))
    gone = set(chance.sample([each.resource_id for each in made], chance.randint(0, 2)))
    left = [each for each in made if each.resource_id not in gone]
    collections = [each.resource_id for each in left if each.kind == "collection"]
    turned = chance.sample(collections, chance.randint(0, len(collections)))
    for place, each in enumerate(left):
        if each.resource_id in turned:
            source = {"type": "collection", "collection_ids": chance.sample(collections, 1)}
            definition = {**each.definition, "source": source}
            left[place] = Resource(each.resource_id, each.kind, definition)
    return tuple(left)
