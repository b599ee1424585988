"""Old ids and new ones: which are kept, and how the others are made."""

import re
from collections.abc import Iterable

from msgspec import Struct

from sterna_core.ids import derived_id
from sterna_core.namespace.resource import Resource, ResourceKind
from sterna_core.namespace_migration.config import (
    ClusterOptions,
    MigrationConfig,
    RetrieverOptions,
    TaxonomyOptions,
)
from sterna_core.namespace_migration.graph import Graph

_PREFIX_OF_ID = re.compile(r"[A-Za-z]{1,16}_")
_PREFIXES: dict[ResourceKind, str] = {
    "bucket": "bkt_",
    "collection": "col_",
    "taxonomy": "tax_",
    "cluster": "clu_",
    "retriever": "ret_",
}
_DOCUMENT = "doc_"


class IdMap(Struct, frozen=True):
    """The new id of everything that goes along; documents are too many to be listed."""

    source_namespace_id: str
    target_namespace_id: str
    resources: dict[str, str]
    keeps_document_ids: bool

    def document(self, document_id: str) -> str:
        """Give a document's new id: the same at every attempt, and different in every namespace."""
        if self.keeps_document_ids:
            return document_id
        return derived_id(_prefix(document_id, _DOCUMENT), self.target_namespace_id, document_id)

    def text(self, text: str) -> str:
        """Give what stands for a text that may be the id of a resource or of the namespace."""
        if text == self.source_namespace_id:
            return self.target_namespace_id
        return self.resources.get(text, text)


def id_map(
    config: MigrationConfig, resources: Iterable[Resource], target_namespace_id: str
) -> IdMap:
    """Give each resource its id in the target; the same input gives the same ids."""
    keeps = kept_kinds(config)
    return IdMap(
        source_namespace_id=config.source_namespace_id,
        target_namespace_id=target_namespace_id,
        resources={
            each.resource_id: each.resource_id
            if each.kind in keeps
            else derived_id(
                _prefix(each.resource_id, _PREFIXES[each.kind]),
                target_namespace_id,
                each.resource_id,
            )
            for each in resources
        },
        keeps_document_ids=config.preserve_resource_ids,
    )


def id_map_of(config: MigrationConfig, graph: Graph | None, target_namespace_id: str) -> IdMap:
    """Give the map by the graph of what goes along: definitions have no say in it."""
    nodes = () if graph is None else graph.nodes
    going = (
        Resource(resource_id=each.resource_id, kind=each.resource_type, definition={})
        for each in nodes
    )
    return id_map(config, going, target_namespace_id)


def kept_kinds(config: MigrationConfig) -> frozenset[ResourceKind]:
    """Give the kinds whose ids stay: all by one option, three of them by one of their own."""
    if config.preserve_resource_ids:
        return frozenset(_PREFIXES)
    taxonomies = config.taxonomy_options or TaxonomyOptions()
    clusters = config.cluster_options or ClusterOptions()
    retrievers = config.retriever_options or RetrieverOptions()
    kept: dict[ResourceKind, bool] = {
        "taxonomy": taxonomies.preserve_taxonomy_ids,
        "cluster": clusters.preserve_cluster_ids,
        "retriever": retrievers.preserve_retriever_ids,
    }
    return frozenset(kind for kind, keeps in kept.items() if keeps)


def _prefix(old: str, otherwise: str) -> str:
    """Keep the word in front, by which people tell kinds of ids."""
    found = _PREFIX_OF_ID.match(old)
    return found[0] if found else otherwise
