"""What goes the quick way arrives as what goes page by page."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as some

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.namespace_migration.id_map import id_map
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.packed import PackedDocuments
from sterna_core.namespace_store.packed_rows import (
    pack_documents,
    pack_vectors,
    unpack_documents,
    unpack_vectors,
)
from sterna_executor.namespaces.packed_batch import arriving

_RESOURCES = (Resource("col_0", "collection"), Resource("tax_0", "taxonomy"))
_TEXTS = some.sampled_from(["col_0", "tax_0", "ns_old", "doc_1", "x", "col_0/doc_1", "\\u005f"])
_NAMES = some.sampled_from(
    [
        "document_id",
        "collection_id",
        "cluster_id",
        "_internal",
        "_taxonomy_tax_0",
        "_taxonomy_x",
        "title",
        "owner_id",
        'quo"te',
        "\u00e4",
    ]
)
_VALUES = some.recursive(
    _TEXTS | some.integers(-5, 5) | some.none(),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(_NAMES, inner, max_size=2),
    max_leaves=5,
)


@given(
    some.dictionaries(_NAMES, _VALUES, max_size=4),
    some.booleans(),
    some.booleans(),
    some.booleans(),
)
def test_a_payload_is_rewritten_as_it_would_be_if_it_were_looked_into(
    payload: dict[str, Any], keeps: bool, keeps_ids: bool, is_escaped: bool
) -> None:
    rewriting = _rewriting(keeps=keeps, keeps_ids=keeps_ids)
    written = msgspec.json.encode(payload)
    if is_escaped:  # as another writer may write it
        written = written.replace(b'"_internal"', b'"\\u005finternal"')

    moved = arriving(_packed(written), rewriting)

    ((name, collection, arrived),) = unpack_documents(moved.documents)
    assert msgspec.json.decode(arrived) == rewriting.document(payload)
    assert name == rewriting.ids.document("doc_1")
    assert collection == "col_0"
    assert moved.size == len(arrived) + 4
    assert list(unpack_vectors(moved.vectors)) == [(name, 0, b"12345678")]


def test_what_keeps_its_ids_and_names_no_namespace_arrives_in_the_same_bytes() -> None:
    rewriting = _rewriting(keeps=True, keeps_ids=True)
    stays = _packed(b'{"_internal": {"collection_id": "col_0"}, "x": "https://a/b"}')
    changes = _packed(b'{"_internal": {"namespace_id": "ns_old"}}')

    assert arriving(stays, rewriting) is stays
    assert arriving(changes, rewriting) != changes


def _rewriting(*, keeps: bool, keeps_ids: bool) -> Rewriting:
    config = MigrationConfig(
        migration_type="copy", source_namespace_id="ns_old", preserve_resource_ids=keeps_ids
    )
    return Rewriting(
        ids=id_map(config, _RESOURCES, "ns_new"),
        known=kinds_of(_RESOURCES),
        keeps_enrichments=keeps,
        keeps_assignments=keeps,
    )


def _packed(payload: bytes) -> PackedDocuments:
    return PackedDocuments(
        1,
        len(payload) + 4,
        pack_documents([("doc_1", "col_0", payload)]),
        pack_vectors([("doc_1", 0, b"12345678")]),
    )
