"""Promises about documents: reading, writing, counting."""

from collections.abc import Sequence

from sterna_core.namespace_store.content_sum import ContentSum, content_sum
from sterna_core.namespace_store.contract.samples import (
    DOTS,
    IMAGES,
    LARGE,
    WORDS,
    read_all,
    refused,
    same,
    sample,
)
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.query import Query
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import DocumentReader, NamespaceStore
from sterna_core.namespace_store.vector import Vector


async def gives_back_what_was_written(store: NamespaceStore) -> None:
    """Ids, payloads and vectors come back bit by bit."""
    space = await store.create("s", [WORDS, IMAGES])
    odd = {
        "": "empty name", "a.b": 1, "big": 2**63 - 1, "small": -(2**63), "one": 1, "float": 1.0,
        "tiny": 5e-324, "many": 1e22, "minus": -0.0, "null": None, "list": [], "map": {},
        "text": "\\u0000 \x7f \u2028 \U0001f600", "deep": [[{"a": [None, True]}]],
    }  # fmt: skip
    documents = [sample(each) for each in range(5)] + [sample(5, **odd)]
    extremes = Vector.of((3.4028234663852886e38, 1e-45, -0.0, 0.1))
    documents += [
        Document("extreme", "c", {}, {WORDS.uri: extremes}),
        Document("zeros", "c", {}, {WORDS.uri: Vector.of((0, 0, 0, 0))}),
        Document("none", "c"),
    ]
    assert await space.documents.upsert(documents), "a call without a receipt is always done"
    same(await space.documents.get([each.document_id for each in documents]), documents)
    same(await read_all(space.documents), documents)


async def gives_documents_in_the_order_asked_for(store: NamespaceStore) -> None:
    """Leave out what is not there."""
    space = await store.create("s", [WORDS, IMAGES])
    await space.documents.upsert([sample(each) for each in range(4)])
    wanted = [sample(each).document_id for each in (3, 9, 0)]
    found = await space.documents.get(wanted)
    assert [each.document_id for each in found] == [wanted[0], wanted[2]]
    assert await space.documents.get([]) == ()


async def scans_each_document_once(store: NamespaceStore) -> None:
    """Whatever the pages' size, also for one collection; what is written meanwhile is no harm."""
    space = await store.create("s", [WORDS, IMAGES])
    documents = [sample(each) for each in range(23)]
    await space.documents.upsert(documents)
    order = [each.document_id for each in await read_all(space.documents)]
    for limit in (PageLimit(rows=1), PageLimit(rows=23), PageLimit(bytes=1), PageLimit(bytes=400)):
        found = await read_all(space.documents, limit=limit)
        assert [each.document_id for each in found] == order, "the order does not depend on pages"
    same(await read_all(space.documents, Span("col_odd")), documents[1::2])
    page = await space.documents.scan(limit=PageLimit(rows=10))
    await space.documents.delete([each.document_id for each in page.documents])
    rest = await read_all(space.documents, Span(after=page.last))
    assert [each.document_id for each in rest] == order[10:], "a position outlives its document"


async def keeps_pages_within_their_bytes(store: NamespaceStore) -> None:
    """One document is given in any case."""
    space = await store.create("s", [WORDS])
    await space.documents.upsert([Document(f"d{n}", "c", {"t": "x" * 1000}) for n in range(10)])
    page = await space.documents.scan(limit=PageLimit(rows=10, bytes=3500))
    assert len(page.documents) == 3
    assert page.last is not None
    page = await space.documents.scan(limit=PageLimit(rows=10, bytes=10))
    assert len(page.documents) == 1


async def replaces_whole_documents(store: NamespaceStore) -> None:
    """No field and no vector of the old one is left; the collection may be another."""
    space = await store.create("s", [WORDS, IMAGES])
    await space.documents.upsert([sample(each) for each in range(4)])
    new = Document(sample(1).document_id, "col_even", {"only": 1}, {})
    await space.documents.upsert([new, sample(8)])
    await space.documents.upsert([new, sample(8)])
    same(await read_all(space.documents), [sample(0), new, sample(2), sample(3), sample(8)])
    assert await space.documents.count(Span("col_odd")) == 1


async def deletes_with_all_vectors(store: NamespaceStore) -> None:
    """Find nothing there a second time."""
    space = await store.create("s", [WORDS, IMAGES])
    await space.documents.upsert([sample(each) for each in range(4)])
    ids = [sample(each).document_id for each in (0, 1, 7)]
    assert await space.documents.delete(ids) == 2
    assert await space.documents.delete(ids) == 0
    same(await read_all(space.documents), [sample(2), sample(3)])
    hits = await space.vectors.search(
        Query(feature_uri=WORDS.uri, vector=sample(0).vectors[WORDS.uri])
    )
    assert {each.document.document_id for each in hits} == {
        sample(2).document_id,
        sample(3).document_id,
    }


async def counts_and_sums_alike(store: NamespaceStore) -> None:
    """Give the sum of the documents themselves, to which the sums of pieces add up."""
    space = await store.create("s", [WORDS, IMAGES])
    documents = [sample(each) for each in range(23)]
    await space.documents.upsert(documents)
    assert await space.documents.content_sum() == content_sum(documents)
    assert await space.documents.count() == 23
    assert await space.documents.rough_count(Span("col_odd")) >= 0
    assert await space.documents.content_sum(Span("col_odd")) == content_sum(documents[1::2])
    ends = await space.documents.boundaries(5)
    assert len(ends) == 5
    total, counts, after = ContentSum(), [], None
    for end in ends:
        piece = Span(after=after, upto=end)
        counts.append(await space.documents.count(piece))
        total += await space.documents.content_sum(piece)
        same(await read_all(space.documents, piece), await _of_piece(space.documents, piece))
        after = end
    assert counts == [5, 5, 5, 5, 3]
    assert total == content_sum(documents)
    assert len(await space.documents.boundaries(4, Span("col_odd"))) == 3
    assert await space.documents.boundaries(23) == ends[-1:]
    assert await space.documents.boundaries(5, Span("nowhere")) == ()


async def refuses_what_cannot_be_kept(store: NamespaceStore) -> None:
    """Nothing of such a call is written, and the document at fault is named."""
    space = await store.create("s", [WORDS, IMAGES])
    good = sample(0)
    for code, bad in (
        ("unknown_feature", Document("d", "c", {}, {DOTS.uri: Vector.of((1, 2, 3, 4))})),
        ("wrong_dimensions", Document("d", "c", {}, {WORDS.uri: Vector.of((1, 2, 3))})),
        ("wrong_dimensions", Document("d", "c", {}, {IMAGES.uri: Vector.of((1, 2, 3, 4))})),
        ("wrong_dimensions", Document("d", "c", {}, {IMAGES.uri: Vector(bytes(13))})),
        ("not_finite", Document("d", "c", {}, {IMAGES.uri: Vector.of((1, float("nan"), 3))})),
        ("not_finite", Document("d", "c", {}, {IMAGES.uri: Vector.of((1, float("inf"), 3))})),
        ("bad_payload", Document("d", "c", {"a": ["\0"]})),
        ("bad_payload", Document("d", "c", {"a": "\ud800"})),
        ("bad_payload", Document("d", "c", {"a": object()})),
        ("bad_payload", Document("d", "c", {"a": 2**64})),
        ("bad_document_id", Document("d\0", "c")),
        ("bad_document_id", Document("\ud800", "c")),
        ("bad_document_id", Document("d", "")),
        ("duplicate_id", good),
    ):
        with refused(code) as error:
            await space.documents.upsert([good, bad], Receipt("r"))
        assert error.details["document_id"] == bad.document_id
    assert await space.documents.count() == 0
    assert await space.receipts.receipt("r") is None


async def refuses_numbers_that_no_index_can_have(store: NamespaceStore) -> None:
    """Of 2,001 to 4,000 dimensions, where indexes have numbers of 16 bits; smaller ones are found."""
    space = await store.create("s", [LARGE])
    for number in (65504.004, -65536.0, 3.4e38):
        bad = Document("bad", "c", {}, {LARGE.uri: _ends_with(number)})
        with refused("number_too_large") as error:
            await space.documents.upsert([Document("good", "c"), bad])
        assert error.details["document_id"] == "bad"
        with refused("number_too_large"):
            await space.vectors.search(Query(feature_uri=LARGE.uri, vector=_ends_with(number)))
    assert await space.documents.count() == 0
    most = Document("most", "c", {}, {LARGE.uri: _ends_with(-65504.0)})
    await space.documents.upsert([most])
    await space.vectors.build_index(LARGE.uri)
    (hit,) = await space.vectors.search(Query(feature_uri=LARGE.uri, vector=_ends_with(-65504.0)))
    assert hit.document.document_id == "most"


async def does_work_once(store: NamespaceStore) -> None:
    """Write a receipt with the documents, and refuse work of an epoch that is over."""
    space = await store.create("s", [WORDS, IMAGES])
    receipt = Receipt("batch 1", 2, {"sum": "x", "rows": 1})
    assert await space.receipts.receipt("batch 1") is None
    assert await space.documents.upsert([sample(1)], receipt)
    assert await space.receipts.receipt("batch 1") == receipt
    assert not await space.documents.upsert([sample(2)], Receipt("batch 1", 2))
    assert not await space.objects.upsert([Document("o", "b")], Receipt("batch 1", 2))
    same(await read_all(space.documents), [sample(1)])
    assert await space.receipts.raise_epoch(3) == 3
    assert await space.receipts.raise_epoch(1) == 3
    with refused("fenced"):
        await space.documents.upsert([sample(3)], Receipt("batch 2", 2))
    assert await space.documents.upsert([], Receipt("batch 2", 3))
    assert await space.documents.upsert([sample(4)], Receipt("batch 3", 4))
    assert await space.documents.count() == 2


async def keeps_objects_apart(store: NamespaceStore) -> None:
    """Let the objects of buckets have the ids of documents, and no vectors."""
    space = await store.create("s", [WORDS, IMAGES])
    objects = [Document(sample(n).document_id, "bkt_1", {"n": n}) for n in range(9)]
    await space.documents.upsert([sample(0)])
    await space.objects.upsert(objects)
    same(await read_all(space.objects), objects)
    same(await read_all(space.documents), [sample(0)])
    assert await space.objects.content_sum(Span("bkt_1")) == content_sum(objects)
    assert await space.objects.delete([objects[0].document_id]) == 1
    assert await space.documents.count() == 1
    with refused("unknown_feature"):
        await space.objects.upsert([sample(0)])


def _ends_with(number: float) -> Vector:
    return Vector.of([*[1] * (LARGE.dimensions - 1), number])


async def _of_piece(reader: DocumentReader, piece: Span) -> Sequence[Document]:
    return (await reader.scan(piece)).documents
