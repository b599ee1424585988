"""Any sequence of writes, done to a store and to the store in memory, with the same outcome."""

from collections.abc import Sequence

from msgspec import Struct

from sterna_core.errors import SternaError
from sterna_core.namespace_store.contract.samples import WORDS, read_all, same
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import NamespaceStore, Space


class Put(Struct, frozen=True):
    """Write documents, for a receipt or for none."""

    documents: tuple[Document, ...]
    receipt: Receipt | None = None


class Remove(Struct, frozen=True):
    """Remove documents."""

    ids: tuple[str, ...]


class Raise(Struct, frozen=True):
    """Raise the epoch."""

    epoch: int


Step = Put | Remove | Raise


async def does_as_in_memory(
    store: NamespaceStore, steps: Sequence[Step], features: Sequence[Feature] = (WORDS,)
) -> None:
    """Do the steps to a new space and to one in memory: each answer and all contents are equal."""
    space = await store.create("steps", features)
    model = await MemoryNamespaceStore().create("steps", features)
    try:
        for step in steps:
            outcome, expected = await _outcome(space, step), await _outcome(model, step)
            assert outcome == expected, f"{step} gave {outcome} where {expected} was expected"
        documents = await read_all(model.documents)
        same(await read_all(space.documents), documents)
        for collection in (None, *{each.collection_id for each in documents}):
            span = Span(collection)
            assert await space.documents.content_sum(span) == await model.documents.content_sum(
                span
            )
            assert await space.documents.count(span) == await model.documents.count(span)
        names = [each.receipt.name for each in steps if isinstance(each, Put) and each.receipt]
        for name in names:
            assert await space.receipts.receipt(name) == await model.receipts.receipt(name)
    finally:
        await store.drop("steps")


async def _outcome(space: Space, step: Step) -> bool | int | str:
    try:
        match step:
            case Put():
                return await space.documents.upsert(step.documents, step.receipt)
            case Remove():
                return await space.documents.delete(step.ids)
            case Raise():
                return await space.receipts.raise_epoch(step.epoch)
    except SternaError as error:
        return error.code
