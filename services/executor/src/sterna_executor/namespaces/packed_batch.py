"""The quick way of a batch between two spaces of one kind: documents are not looked into."""

import re
from collections.abc import Iterator

import msgspec

from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.packed import AlreadyThere, PackedDocuments
from sterna_core.namespace_store.packed_rows import (
    pack_documents,
    pack_vectors,
    unpack_documents,
    unpack_vectors,
)
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PAGE_BYTES, PageLimit, Span
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import MoveBatch, NamespaceTask

_LIMIT = PageLimit(rows=1000, bytes=PAGE_BYTES)
_ESCAPE = b"\\u"
_ADDRESS = b"://"
_ENRICHED = b'"_taxonomy_'
_CLUSTER = b'"cluster_id"'
_REWRITTEN = (_ENRICHED, b'"_internal"', b'_id"')
"""What stands in the JSON of a payload of which something changes, or might."""
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.:-]+")
_MOST_SOUGHT = 32
_WHOLE = "whole"

Written = tuple[int, int]
"""How many documents were written, and their bytes."""


async def move_packed(
    task: NamespaceTask,
    work: MoveBatch,
    source: Space,
    target: Space,
    rewriting: Rewriting,
    name: str,
) -> Written | None:
    """Copy a batch under a receipt's name.

    None, and nothing is written, where it has to go page by page: what is made anew or chosen by
    dates, batches that are too large, stores of two kinds, and what is there already.
    """
    if task.config.migration_type != "copy" or work.kind != "collection" or work.date_range:
        return None
    if source.packed is None or target.packed is None or source.features != target.features:
        return None
    span = Span(work.collection_id, work.batch.after, work.batch.until)
    found = await source.packed.read(span, _LIMIT, work.target_collection_id)
    if found is None:
        return None
    if not found.count:
        return 0, 0
    moved = arriving(found, rewriting)
    body = {"documents": moved.count, "bytes": moved.size, "set_aside": [], _WHOLE: True}
    try:
        is_new = await target.packed.write(moved, Receipt(name, task.epoch, body))
    except AlreadyThere:
        return None
    return (moved.count, moved.size) if is_new else None


async def moved_before(target: Space, name: str) -> Written | None:
    """Give what was written of a whole batch; None where it was not, or page by page."""
    known = await target.receipts.receipt(name)
    if known is None or not known.body.get(_WHOLE):
        return None
    return int(known.body["documents"]), int(known.body["bytes"])


def arriving(found: PackedDocuments, rewriting: Rewriting) -> PackedDocuments:
    """Give documents as they are in the target; as they are, where nothing in them changes.

    With new ids they come in the order of these, in which a tree of them grows best.
    """
    if not _changes(found.documents, rewriting):
        return found
    new_ids: dict[str, str] = {}
    documents, size = [], found.size
    for name, collection, payload in unpack_documents(found.documents):
        new_ids[name] = rewriting.ids.document(name)
        written = _rewritten(payload, rewriting)
        size += len(written) - len(payload)
        documents.append((new_ids[name], collection, written))
    vectors = (
        (new_ids[name], feature, packed) for name, feature, packed in unpack_vectors(found.vectors)
    )
    return PackedDocuments(
        found.count, size, pack_documents(sorted(documents)), pack_vectors(sorted(vectors))
    )


def _changes(documents: bytes, rewriting: Rewriting) -> bool:
    """Tell whether something in rows might change; where that takes long to find out, it might."""
    sought = _sought(rewriting)
    return sought is None or any(each in documents for each in sought)


def _sought(rewriting: Rewriting) -> list[bytes] | None:
    """Give what has to stand in rows of which something changes; None for what cannot be said."""
    if not rewriting.ids.keeps_document_ids:
        return None
    ids = list(_changing_ids(rewriting))
    if len(ids) > _MOST_SOUGHT or not all(map(_PLAIN_ID.fullmatch, ids)):
        return None
    sought = [_ESCAPE, *(each.encode() for each in ids)]
    if rewriting.features:
        sought.append(_ADDRESS)
    if not rewriting.keeps_enrichments:
        sought.append(_ENRICHED)
    if not rewriting.keeps_assignments:
        sought.append(_CLUSTER)
    return sought


def _changing_ids(rewriting: Rewriting) -> Iterator[str]:
    yield rewriting.ids.source_namespace_id
    for old, new in rewriting.ids.resources.items():
        if old != new:
            yield old


def _rewritten(payload: bytes, rewriting: Rewriting) -> bytes:
    """Give a payload as it is in the target: as it is, where nothing of the product's is in it."""
    if _ESCAPE not in payload and not any(each in payload for each in _REWRITTEN):
        return payload
    return msgspec.json.encode(rewriting.document(msgspec.json.decode(payload)))
