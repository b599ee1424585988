"""Promises of stores that hand documents on without looking into them; others promise nothing."""

from msgspec.structs import replace

from sterna_core.namespace_store.contract.samples import IMAGES, WORDS, read_all, same, sample
from sterna_core.namespace_store.document import Document, size_of
from sterna_core.namespace_store.packed import AlreadyThere, PackedDocuments
from sterna_core.namespace_store.packed_rows import NO_ROWS, pack_documents, unpack_documents
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import FULL_PAGE, PageLimit, Span
from sterna_core.namespace_store.store import NamespaceStore, Space

_ODD = Span("col_odd")


async def hands_on_what_nobody_looked_into(store: NamespaceStore) -> None:
    """Documents of a span arrive in another space bit by bit, and no others."""
    source, target = await _spaces(store)
    if source.packed is None or target.packed is None:
        return
    documents = [sample(each) for each in range(12)] + [Document("bare", "col_odd", {"a": 1.0})]
    await source.documents.upsert(documents)
    order = [each.document_id for each in await read_all(source.documents, _ODD)]
    size = 0
    for number, span in enumerate(
        (
            Span("col_odd", None, order[2]),
            Span("col_odd", order[2], order[4]),
            Span("col_odd", order[4]),
        )
    ):
        found = await source.packed.read(span, FULL_PAGE, "it's \\ new")
        assert found is not None
        size += found.size
        assert await target.packed.write(found, Receipt(f"batch {number}"))
    odd = [each for each in documents if each.collection_id == "col_odd"]
    assert size == sum(map(size_of, odd))
    same(
        await read_all(target.documents),
        [replace(each, collection_id="it's \\ new") for each in odd],
    )
    nothing = await source.packed.read(Span("col_odd", order[-1]), FULL_PAGE, "col_odd")
    assert nothing == PackedDocuments(0, 0, NO_ROWS, NO_ROWS)


async def writes_packed_documents_once(store: NamespaceStore) -> None:
    """Nothing is written where the receipt is there, or one of the documents."""
    source, target = await _spaces(store)
    if source.packed is None or target.packed is None:
        return
    await source.documents.upsert([sample(each) for each in range(6)])
    found = await source.packed.read(_ODD, FULL_PAGE, "col_new")
    assert found is not None
    assert found.count == 3
    assert await target.packed.write(found, Receipt("batch", 3, {"documents": 3}))
    assert not await target.packed.write(found, Receipt("batch", 3))
    known = await target.receipts.receipt("batch")
    assert known == Receipt("batch", 3, {"documents": 3})
    first, *others = unpack_documents(found.documents)
    new = ((f"other {name}", collection, payload) for name, collection, payload in others)
    some_new = PackedDocuments(3, 0, pack_documents([first, *new]), NO_ROWS)
    try:
        await target.packed.write(some_new, Receipt("again", 3))
    except AlreadyThere:
        pass
    else:
        raise AssertionError("a document was written that is there")
    assert await target.receipts.receipt("again") is None
    assert await target.documents.count() == 3


async def packs_no_more_than_a_page(store: NamespaceStore) -> None:
    """More documents, or larger ones, are read page by page."""
    source, _ = await _spaces(store)
    if source.packed is None:
        return
    await source.documents.upsert([sample(each) for each in range(8)])
    assert await source.packed.read(_ODD, PageLimit(rows=3), "c") is None
    assert await source.packed.read(_ODD, PageLimit(rows=4), "c") is not None
    assert await source.packed.read(_ODD, PageLimit(bytes=40), "c") is None
    assert await source.packed.read(_ODD, PageLimit(bytes=200), "c") is None
    assert await source.packed.read(_ODD, FULL_PAGE, "c") is not None


async def _spaces(store: NamespaceStore) -> tuple[Space, Space]:
    features = [WORDS, IMAGES]
    return await store.create("s", features), await store.create("t", features)
