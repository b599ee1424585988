"""Moves documents in batches, and compares them."""

from functools import partial
from typing import Any

from sterna_core.errors import DataRejected, Terminal
from sterna_core.namespace.resource import ResourceKind
from sterna_core.namespace_migration.batch import Poison
from sterna_core.namespace_store.content_sum import ContentSum, content_sum
from sterna_core.namespace_store.document import size_of
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import Shelf, Space
from sterna_core.tasks.namespace_work import CompareCollection, MoveBatch, NamespaceTask
from sterna_executor.namespaces.arriving import Arrived, Arriving
from sterna_executor.namespaces.documents import without
from sterna_executor.namespaces.packed_batch import move_packed, moved_before
from sterna_executor.namespaces.pages import pages

Moved = tuple[int, tuple[Poison, ...], int]
"""How many documents are in the target, those that are not, and the bytes of the former."""


class DocumentsDiffer(Terminal):
    """The target is not what the source makes it to be."""

    code = "documents_differ"


def shelf_of(space: Space, kind: ResourceKind) -> Shelf:
    """Give where the documents of a resource are."""
    return space.documents if kind == "collection" else space.objects


async def move_batch(
    task: NamespaceTask, work: MoveBatch, source: Space, target: Space, arriving: Arriving
) -> Moved:
    """Move a batch; every page has its receipt, so that a repeat writes nothing twice."""
    span = Span(work.collection_id, work.batch.after, work.batch.until)
    shelf = shelf_of(target, work.kind)
    first = receipt_name(work, work.batch.after)
    quickly = await move_packed(task, work, source, target, arriving.rewriting, first)
    if quickly is None:
        quickly = await moved_before(target, first)
    if quickly is not None:
        return quickly[0], (), quickly[1]
    documents, poison, size = 0, list[Poison](), 0
    async for begin, page in pages(shelf_of(source, work.kind), span):
        name = receipt_name(work, begin.after)
        done = await _done(target, name) if arriving.makes_vectors else None
        if done is None:
            done = await _write(task, target, shelf, name, await arriving.page(page))
        moved, refused, written = done
        documents += moved
        poison += refused
        size += written
    return documents, tuple(poison), size


def receipt_name(work: MoveBatch, after: str | None) -> str:
    """Name what says that a page of a batch is in the target, by where it begins."""
    return f"{work.kind} {work.collection_id} {work.number} {after or ''}"


async def _write(
    task: NamespaceTask, target: Space, shelf: Shelf, name: str, arrived: Arrived
) -> Moved:
    poison, documents = list(arrived.poison), [each for _, each in arrived.documents]
    names = {each.document_id: name_before for name_before, each in arrived.documents}
    while True:
        size = sum(map(size_of, documents))
        body: dict[str, Any] = {
            "documents": len(documents),
            "bytes": size,
            "set_aside": [[each.document_id, each.code, each.reason] for each in poison],
        }
        receipt = Receipt(name, task.epoch, body)
        try:
            if await shelf.upsert(documents, receipt):
                return len(documents), tuple(poison), size
        except DataRejected as refused:
            wrong = str(refused.details.get("document_id"))
            left = [each for each in documents if each.document_id != wrong]
            if len(left) == len(documents):
                raise
            documents = left
            poison.append(
                Poison(document_id=names[wrong], code=refused.code, reason=refused.message)
            )
            continue
        done = await _done(target, name)
        if done is None:
            raise DocumentsDiffer("The store refused a batch without saying why.")
        return done


async def _done(target: Space, name: str) -> Moved | None:
    """Give what became of a page, where it was moved before."""
    known = await target.receipts.receipt(name)
    if known is None:
        return None
    told = tuple(
        Poison(document_id=one, code=code, reason=reason)
        for one, code, reason in known.body["set_aside"]
    )
    return int(known.body["documents"]), told, int(known.body.get("bytes", 0))


async def compare(
    work: CompareCollection, source: Space | None, target: Space, arriving: Arriving
) -> ContentSum:
    """Compare every document of a collection; raises DocumentsDiffer."""
    there = shelf_of(target, work.kind)
    wanted, missing = ContentSum(), 0
    kept = partial(without, fields=work.made_anew, taxonomies=work.relabelled_by)
    if source is not None:
        span = Span(work.collection_id)
        async for _, page in pages(shelf_of(source, work.kind), span):
            arrived = await arriving.page(page)
            written = [each for _, each in arrived.documents]
            missing += len(arrived.poison)
            if work.set_aside:
                found = await there.get([each.document_id for each in written])
                have = {each.document_id for each in found}
                missing += sum(each.document_id not in have for each in written)
                written = [each for each in written if each.document_id in have]
            wanted += content_sum(map(kept, written))
    span = Span(work.target_collection_id)
    if work.made_anew or work.relabelled_by:
        found_sum = ContentSum()
        async for _, page in pages(there, span):
            found_sum += content_sum(map(kept, page))
    else:
        found_sum = await there.content_sum(span)
    if found_sum != wanted or missing > work.set_aside:
        raise DocumentsDiffer(
            f"{work.collection_id} is not in the target as it is in the source: the source was"
            " written to meanwhile, or the target. Make a new migration, or put it right and"
            " resume.",
            details={"expected": wanted.count + missing, "found": found_sum.count},
        )
    return wanted
