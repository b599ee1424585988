"""The quick way of a batch between two spaces of one kind: documents are not looked into."""

import msgspec

from sterna_core.namespace_migration.rewriting import Rewriting
from sterna_core.namespace_store.packed import AlreadyThere, PackedDocuments
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PAGE_BYTES, PageLimit, Span
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import MoveBatch, NamespaceTask

_LIMIT = PageLimit(rows=1000, bytes=PAGE_BYTES)
_ESCAPE = b"\\u"
_REWRITTEN = (b'"_taxonomy_', b'"_internal"', b'_id"')
"""What stands in the JSON of a payload of which something changes, or might."""
_VECTOR_HEAD = 4
"""A vector's bytes begin with its dimensions and two bytes that are not used."""

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
    found = await source.packed.read(span, _LIMIT)
    if found is None:
        return None
    if not found.ids:
        return 0, 0
    moved = arriving(found, rewriting)
    vectors = sum(len(packed) - _VECTOR_HEAD for _, _, packed in moved.vectors)
    size = vectors + sum(map(len, moved.payloads))
    body = {"documents": len(moved.ids), "bytes": size, "set_aside": []}
    receipt = Receipt(name, task.epoch, body)
    try:
        is_new = await target.packed.write(work.target_collection_id, moved, receipt)
    except AlreadyThere:
        return None
    return (len(moved.ids), size) if is_new else None


def arriving(found: PackedDocuments, rewriting: Rewriting) -> PackedDocuments:
    """Give documents with their new ids, in the order of these: so a tree of them grows best."""
    new_ids = {each: rewriting.ids.document(each) for each in found.ids}
    documents = sorted(
        (new_ids[name], _rewritten(payload, rewriting))
        for name, payload in zip(found.ids, found.payloads, strict=True)
    )
    return PackedDocuments(
        [name for name, _ in documents],
        [payload for _, payload in documents],
        sorted((new_ids[name], feature, packed) for name, feature, packed in found.vectors),
    )


def _rewritten(payload: bytes, rewriting: Rewriting) -> bytes:
    """Give a payload as it is in the target: as it is, where nothing of the product's is in it."""
    if _ESCAPE not in payload and not any(each in payload for each in _REWRITTEN):
        return payload
    return msgspec.json.encode(rewriting.document(msgspec.json.decode(payload)))
