"""The namespace that is migrated: definitions of words, and what is made of them."""

from collections.abc import Iterator
from typing import Any

from sterna_cli.client.namespaces import Uploaded
from sterna_cli.client.sterna import Sterna
from sterna_cli.demo.glosses import Corpus

NAME = "meanings"
RETRIEVER = "ret_meanings"
CLUSTERS = 20
_BUCKET = "bkt_wordnet"
_FIELDS = "col_fields"
_COLLECTIONS = {"n": "col_nouns", "v": "col_verbs", "a": "col_adjectives", "r": "col_adverbs"}
"""By the first letter of a meaning's id, which tells its part of speech."""
_FEATURE = "sterna://hashing@v1/embedding"
_FIELDS_OF_LIFE = {
    "nature": "an animal, a plant, a living organism; the earth, the sea and the weather",
    "body": "a part of the body; health, a disease, food and drink",
    "people": "a person who has an occupation, a relative, a group or an organization of people",
    "things": "an artifact, a tool, a machine, a building, a container, a garment",
    "mind": "knowledge, thinking, a feeling or an emotion, what one believes or wants",
    "language": "a word, speech or writing, a message, what is said or told",
    "law": "government, law, war, money, buying and selling, property",
    "motion": "to move or travel, to change position, direction or place",
    "measure": "a number, an amount, a quantity, a unit, a length of time",
    "manner": "in a certain manner or to a certain degree; of a certain quality",
}
"""What the taxonomy sorts meanings into."""


def collections() -> tuple[str, ...]:
    """Name the collections that hold meanings."""
    return tuple(_COLLECTIONS.values())


async def make_namespace(sterna: Sterna, corpus: Corpus) -> tuple[str, Uploaded]:
    """Make the namespace with all that is in it; gives its id, and what became of the upload."""
    spaces = sterna.namespaces
    extractors = [{"feature_extractor_name": "hashing", "version": "v1"}]
    made = await spaces.create({"name": NAME, "feature_extractors": extractors})
    for kind, resource_id, definition in _resources():
        await spaces.put(made.id, kind, resource_id, definition)
    return made.id, await spaces.upload(made.id, _documents(corpus))


def _resources() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give definitions in an order in which they can be put; the last close the usual circle."""
    plain = {"source": {"type": "bucket", "bucket_ids": [_BUCKET]}}
    yield "buckets", _BUCKET, {}
    for name in (_FIELDS, *collections()):
        yield "collections", name, plain
    yield "retrievers", RETRIEVER, _retriever(*collections())
    yield "retrievers", "ret_fields", _retriever(_FIELDS)
    yield (
        "clusters",
        "clu_meanings",
        {
            "collection_ids": list(collections()),
            "cluster_type": "vector",
            "vector_config": {
                "feature_uris": [_FEATURE],
                "clustering_method": "kmeans",
                "kmeans_parameters": {"n_clusters": CLUSTERS},
            },
        },
    )
    yield (
        "taxonomies",
        "tax_fields",
        {
            "retriever_id": "ret_fields",
            "source_collection": {
                "collection_id": _FIELDS,
            },
            "input_mappings": {"query": "text"},
            "label_field": "field",
            "threshold": 0.1,
        },
    )
    applied = {
        "taxonomy_applications": [{"taxonomy_id": "tax_fields"}],
        "cluster_applications": [{"cluster_id": "clu_meanings"}],
    }
    for name in collections():
        yield "collections", name, plain | applied


def _retriever(*names: str) -> dict[str, Any]:
    search = {"feature_uri": _FEATURE, "query": "{{INPUT.query}}", "limit": 10}
    return {
        "collection_ids": list(names),
        "feature_dependencies": [_FEATURE],
        "stages": [{"stage_type": "feature_search", "config": search}],
    }


def _documents(corpus: Corpus) -> Iterator[dict[str, Any]]:
    for field, text in _FIELDS_OF_LIFE.items():
        yield {
            "document_id": f"field_{field}",
            "collection_id": _FIELDS,
            "payload": {"text": text, "field": field},
        }
    for each in corpus.documents:
        yield {
            "document_id": each.id,
            "collection_id": _COLLECTIONS[each.id[0]],
            "payload": {"text": each.text, "words": list(each.words)},
        }
