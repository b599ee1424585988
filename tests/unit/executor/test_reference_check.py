"""Documents of a target whose references lead nowhere are found by an executor."""

from typing import Any

from sterna_core.namespace.dangling import Dangling
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.tasks.namespace_work import CheckReferences
from sterna_executor.namespaces.book import Differing
from sterna_executor.namespaces.documents import KeptMap
from sterna_executor.namespaces.reference_check import check_references

KEPT = KeptMap(
    ids={"bkt_1": "bkt_2", "col_1": "col_2", "clu_1": "clu_1"},
    kinds={"bkt_1": "bucket", "col_1": "collection", "clu_1": "cluster"},
)
WORK = CheckReferences(digests={"col_2": "", "bkt_2": ""})


def lineage(**fields: str) -> dict[str, Any]:
    return {"_internal": {"lineage": fields}}


async def test_ids_of_lineages_clusters_and_enrichments_have_to_be_there() -> None:
    space = await MemoryNamespaceStore().create("ns-2", [])
    await space.objects.upsert([Document("obj_1", "bkt_2")])
    sound = {"root_object_id": "obj_1", "root_bucket_id": "bkt_2", "source_document_id": "doc_1"}
    lost = {"root_object_id": "obj_9", "root_bucket_id": "bkt_1", "source_document_id": "doc_9"}
    await space.documents.upsert(
        [
            Document("doc_1", "col_2", {"cluster_id": "clu_1/3", "bucket_id": "bkt_1"}),
            Document("doc_2", "col_2", lineage(**sound)),
            Document("doc_3", "col_2", lineage(**lost)),
            Document("doc_4", "col_2", {"_taxonomy_a": {"node": {"collection_id": "col_1"}}}),
        ]
    )
    found = await check_references(WORK, space, KEPT, Differing())
    assert (found.definitions, found.dangling_in_definitions, found.documents) == (2, 0, 4)
    assert {(each.resource_id, each.names) for each in found.dangling} == {
        ("doc_3", "obj_9"),
        ("doc_3", "bkt_1"),
        ("doc_3", "doc_9"),
        ("doc_4", "col_1"),
    }
    assert found.dangling_in_documents == 4


async def test_what_has_gone_is_told_and_what_somebody_has_changed_is_theirs() -> None:
    space = await MemoryNamespaceStore().create("ns-2", [])
    told = [
        Dangling(kind="retriever", resource_id=name, path=(), names="old")
        for name in ("ret_1", "ret_2")
    ]
    work = CheckReferences(digests={"ret_1": "", "ret_2": ""}, dangling=(*told,), dangling_count=2)
    found = await check_references(work, space, KEPT, Differing(("bkt_2",), ("ret_1",)))
    assert found.dangling_in_definitions == 2
    assert [each.names for each in found.dangling] == ["old", "bkt_2"]
    assert found.changed == ("ret_1",)
