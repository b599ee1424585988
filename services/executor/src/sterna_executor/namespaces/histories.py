"""Moves the histories of retrievers, which go on while they are moved, and compares them."""

from collections.abc import AsyncGenerator
from datetime import datetime

import msgspec

from sterna_core.namespace_migration.histories import copied_record
from sterna_core.namespace_migration.id_map import IdMap
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import Space
from sterna_core.tasks.namespace_work import CompareCollection, MoveBatch, NamespaceTask
from sterna_executor.namespaces.copying import DocumentsDiffer
from sterna_executor.namespaces.pages import pages


async def move_history(
    task: NamespaceTask, work: MoveBatch, source: Space, target: Space, ids: IdMap
) -> int:
    """Copy a batch of records, each page with its receipt; give how many these were."""
    moved = 0
    span = Span(work.collection_id, work.batch.after, work.batch.until)
    async for begin, records in _records(source, span, work.recorded_before, ids):
        name = f"{work.kind} {work.collection_id} {work.number} {begin.after or ''}"
        await target.objects.upsert(records, Receipt(name, task.epoch))
        moved += len(records)
    return moved


async def compare_history(
    task: NamespaceTask, work: CompareCollection, source: Space | None, target: Space, ids: IdMap
) -> int:
    """See that every record has arrived as it was; give how many these are.

    One that was still being written when the migration began is brought now. What was forgotten in
    the source since stays in the target. Raises DocumentsDiffer.
    """
    compared = 0
    if source is None:
        return compared
    span = Span(work.collection_id)
    async for begin, records in _records(source, span, work.recorded_before, ids):
        there = await _there(target, records)
        late = [each for each in records if each.document_id not in there]
        if late:
            name = f"late {work.collection_id} {begin.after or ''} {task.attempt}"
            await target.objects.upsert(late, Receipt(name, task.epoch))
            there = await _there(target, records)
        if any(there.get(each.document_id) != each for each in records):
            raise DocumentsDiffer(
                f"{work.collection_id} is not in the target as it is in the source: the target was"
                " written to meanwhile.",
                details={"compared": compared},
            )
        compared += len(records)
    return compared


async def _there(target: Space, records: list[Document]) -> dict[str, Document]:
    found = await target.objects.get([each.document_id for each in records])
    return {each.document_id: each for each in found}


async def _records(
    source: Space, span: Span, before: datetime | None, ids: IdMap
) -> AsyncGenerator[tuple[Span, list[Document]]]:
    """Give the records of a span page by page as the target has them."""
    async for begin, page in pages(source.objects, span):
        yield (
            begin,
            [copied_record(each, ids) for each in page if before is None or _at(each) < before],
        )


def _at(record: Document) -> datetime:
    return msgspec.convert(record.payload["recorded_at"], datetime)
