"""Writes into documents to which group they belong, and reads it back."""

from collections.abc import Collection, Mapping
from itertools import count

import msgspec

from sterna_core.clustering import assignment
from sterna_core.errors import Terminal
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import NamespaceTask
from sterna_executor.namespaces.pages import pages


class AssignmentsDiffer(Terminal):
    """What documents say of a cluster is not what was written into them."""

    code = "assignments_differ"


async def assign(
    task: NamespaceTask,
    target: Space,
    collection_ids: Collection[str],
    cluster_id: str,
    labels: Mapping[str, str | None],
    clusters: Collection[str],
) -> dict[str, float]:
    """Give every document its group, page by page; raises AssignmentsDiffer, Fenced.

    Only documents that say something else are written, so a repeat writes what is missing.
    """
    for collection_id in collection_ids:
        async for begin, page in pages(target.documents, Span(collection_id)):
            changed = [
                new
                for each in page
                if (new := _with(each, cluster_id, labels.get(each.document_id), clusters)) != each
            ]
            if changed:
                name = f"cluster {cluster_id} {collection_id} {begin.after or ''}"
                await _write(target, changed, name, task.epoch)
    assigned = 0
    for collection_id in collection_ids:
        async for _, page in pages(target.documents, Span(collection_id)):
            for each in page:
                found = assignment.assigned(each.payload.get(assignment.FIELD), cluster_id)
                if found != labels.get(each.document_id):
                    raise AssignmentsDiffer(
                        "A document of the target does not say what was written into it: somebody"
                        " else writes to the target. Resume, or make a new migration.",
                        details={"cluster_id": cluster_id, "collection_id": collection_id},
                    )
                assigned += found is not None
    return {"documents_assigned": float(assigned)}


def _with(
    document: Document, cluster_id: str, label: str | None, clusters: Collection[str]
) -> Document:
    value = assignment.reassigned(
        document.payload.get(assignment.FIELD), cluster_id, label, clusters
    )
    rest = {name: each for name, each in document.payload.items() if name != assignment.FIELD}
    payload = rest if value is None else {**rest, assignment.FIELD: value}
    return msgspec.structs.replace(document, payload=payload)


async def _write(target: Space, changed: list[Document], name: str, epoch: int) -> None:
    """Write documents for a receipt of its own, also where somebody died who wrote some of them."""
    for attempt in count():
        receipt = Receipt(f"{name} {attempt}" if attempt else name, epoch)
        if await target.documents.upsert(changed, receipt):
            return
