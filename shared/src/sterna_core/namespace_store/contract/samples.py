"""What the promises are tried with, and how results are compared."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from sterna_core.errors import SternaError
from sterna_core.namespace_store.content_sum import content_sum
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.span import EVERYTHING, PageLimit, Span
from sterna_core.namespace_store.store import DocumentReader
from sterna_core.namespace_store.vector import Vector

WORDS = Feature("sterna://words@v1/embedding", 4)
IMAGES = Feature("sterna://images@v2/embedding", 3, "euclid")
DOTS = Feature("sterna://dots@v1/embedding", 4, "dot")
LARGE = Feature("sterna://large@v1/embedding", 2001)
_SMALL_PAGE = PageLimit(rows=7)
_LETTERS = ("ab", "Ab", "ä", "\u2028", "z/9", "日本", "\U0001f600", "a b", "'\"\\", "0")


def sample(number: int, **payload: Any) -> Document:
    """Make a document whose id, payload and vectors follow from its number."""
    odd = number % 2 == 1
    vectors = {WORDS.uri: Vector.of((number + 1, odd, -number / 7, 0.1))}
    if odd:
        vectors[IMAGES.uri] = Vector.of((number, number * 0.5, 1))
    return Document(
        f"doc_{_LETTERS[number % len(_LETTERS)]}_{number}",
        "col_odd" if odd else "col_even",
        {"number": number, "nested": {"odd": odd, "tags": [str(number % 3), "x"]}, **payload},
        vectors,
    )


async def read_all(
    reader: DocumentReader, span: Span = EVERYTHING, limit: PageLimit = _SMALL_PAGE
) -> list[Document]:
    """Read a span page by page."""
    found: list[Document] = []
    while True:
        page = await reader.scan(span, limit)
        found += page.documents
        if page.last is None:
            return found
        span = Span(span.collection_id, page.last, span.upto)


@contextmanager
def refused(code: str) -> Generator[SternaError]:
    """Make sure that a call is refused; the error is filled with what was raised."""
    seen = SternaError("", code="nothing")
    try:
        yield seen
    except SternaError as error:
        seen.code = error.code
        seen.details |= error.details
    assert seen.code == code, f"refused with {seen.code} instead of {code}"


def same(found: Sequence[Document], expected: Sequence[Document]) -> None:
    """Compare as a set, with a message that names what differs."""
    ids = sorted(each.document_id for each in found)
    assert ids == sorted(each.document_id for each in expected)
    sought = {each.document_id: each for each in expected}
    for each in found:
        right = sought[each.document_id]
        assert content_sum([each]) == content_sum([right]), f"{each} came back, {right} was written"
