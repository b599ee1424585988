"""Into how many ranges of pages a table is cut."""

from collections.abc import Iterator

from msgspec import Struct

from sterna_core.tasks.table import PageRange

CHUNK_BYTES = 64 * 1024 * 1024
MAX_CHUNKS = 100_000


class Boundaries(Struct, frozen=True):
    """`chunks` ranges of `pages_per_chunk` pages each; the last has no end."""

    pages_per_chunk: int
    chunks: int

    def ranges(self) -> Iterator[PageRange]:
        """Give the ranges in order."""
        for chunk in range(self.chunks):
            first = chunk * self.pages_per_chunk
            last = chunk == self.chunks - 1
            yield PageRange(first, None if last else first + self.pages_per_chunk)


def boundaries(
    *,
    pages: int,
    stored_bytes: int,
    rows: int,
    chunk_bytes: int = CHUNK_BYTES,
    batch_rows: int | None = None,
    max_chunks: int = MAX_CHUNKS,
) -> Boundaries:
    """Cut a table of `pages` pages into ranges of about `chunk_bytes` each.

    `stored_bytes` counts what is stored beside the pages too (TOAST). `batch_rows`, where the
    user sets it, bounds the rows of a range as far as the average page tells; a range is never
    less than a page, and there are never more than `max_chunks`.
    """
    if pages <= 0:
        return Boundaries(pages_per_chunk=1, chunks=1)
    per_chunk = max(1, chunk_bytes * pages // max(stored_bytes, 1))
    if batch_rows is not None and rows > 0:
        per_chunk = min(per_chunk, max(1, batch_rows * pages // rows))
    per_chunk = max(min(per_chunk, pages), -(-pages // max_chunks))
    return Boundaries(pages_per_chunk=per_chunk, chunks=-(-pages // per_chunk))
