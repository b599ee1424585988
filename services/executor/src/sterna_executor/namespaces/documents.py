"""Documents as they are in the target."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from sterna_core.namespace.resource import ResourceKind
from sterna_core.namespace_migration.config import ClusterOptions, TaxonomyOptions
from sterna_core.namespace_migration.id_map import IdMap
from sterna_core.namespace_migration.made_anew import is_made_anew
from sterna_core.namespace_migration.re_extraction import match_of
from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.document import Document
from sterna_core.tasks.namespace_work import NamespaceTask
from sterna_core.taxonomy.field import is_label_of


class KeptMap(Struct, frozen=True):
    """What becomes of ids, as the target keeps it beside its documents."""

    ids: dict[str, str]
    kinds: dict[str, ResourceKind]


def rewriting_for(task: NamespaceTask, kept: KeptMap) -> Rewriting:
    """Give what becomes of documents in this migration."""
    clusters = task.config.cluster_options or ClusterOptions()
    taxonomies = task.config.taxonomy_options or TaxonomyOptions()
    old, new = task.source.extractors, task.target.extractors
    return Rewriting(
        ids=IdMap(
            source_namespace_id=task.source.namespace_id,
            target_namespace_id=task.target.namespace_id,
            resources=kept.ids,
            keeps_document_ids=task.config.preserve_resource_ids,
        ),
        known=kept.kinds,
        features=match_of(task.config, old, new).changed,
        keeps_enrichments=taxonomies.preserve_enrichment_fields,
        keeps_assignments=clusters.preserve_assignments,
        clusters=clusters,
    )


def copied(document: Document, rewriting: Rewriting, kind: ResourceKind) -> Document:
    """Give a document of a collection, or an object of a bucket, as the target has it.

    Objects keep their ids, which are unique in their namespace: lineages name them.
    """
    collection_id = rewriting.ids.resources[document.collection_id]
    if kind == "bucket":
        payload: Mapping[str, Any] = document.payload
        if payload.get("bucket_id") == document.collection_id:
            payload = {**payload, "bucket_id": collection_id}
        return msgspec.structs.replace(document, collection_id=collection_id, payload=dict(payload))
    return Document(
        rewriting.ids.document(document.document_id),
        collection_id,
        rewriting.document(document.payload),
        document.vectors,
    )


def without(document: Document, fields: tuple[str, ...], taxonomies: tuple[str, ...]) -> Document:
    """Give a document without what a stage makes anew."""
    kept = {
        name: value
        for name, value in document.payload.items()
        if not is_made_anew(name, fields) and not is_label_of(name, value, taxonomies)
    }
    if len(kept) == len(document.payload):
        return document
    return msgspec.structs.replace(document, payload=kept)
