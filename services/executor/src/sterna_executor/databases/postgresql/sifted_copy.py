"""A COPY of which some rows are refused: the others arrive, each attempt under a savepoint.

The source is read once, and its rows are tried some at a time; what is tried again comes from
memory.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sterna_core.errors import DataRejected
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql import receipts
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.copy_frames import Frame, addressed, joined
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.flow import BUFFER_BYTES
from sterna_executor.databases.postgresql.pipe import STALL_SECONDS, Inlet, Piped, take
from sterna_executor.databases.postgresql.row_windows import RowWindows, in_pieces, row_windows
from sterna_executor.databases.postgresql.sift import RefusedRow, Span, Tally, sift
from sterna_executor.databases.postgresql.table_copy import expect_all_taken
from sterna_executor.databases.postgresql.table_query import send_rows

OnCopied = Callable[[int, int], None]
"""Takes the rows and bytes of a span that was copied."""


class SourceRefuses(Exception):
    """It was the source that could not give a row: the attempt has to begin by finding these."""

    def __init__(self, error: DataRejected) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What is read of the source, and where it goes.

    With `addressed` rows keep their address, as the first column of the inlet. `marks` is the
    migration whose receipt each attempt leaves, where rows are undone by those; `chunk` the one
    that they are of, if of one.
    """

    table: TableSpec
    inlet: Inlet
    addressed: bool = False
    marks: str | None = None
    chunk: int | None = None


async def copy_sifted(
    source: Connection,
    target: Connection,
    lane: Lane,
    condition: str,
    tally: Tally,
    on_copied: OnCopied,
) -> tuple[int, list[RefusedRow[str]]]:
    """Copy what the target takes; give how many rows that were, and those that it refused.

    Raises SourceRefuses where the source cannot give a row, and DataRejected beyond the bounds of
    the tally.
    """
    query = send_rows(source, lane.table, condition, addressed=True)
    refused: list[RefusedRow[str]] = []
    copied = 0
    async with row_windows(source, query, lane.table.copy_format, target) as windows:
        while rows := await _next(windows):
            whole: Span[int] = Span()
            untaken, count = await sift(_Window(target, lane, rows, on_copied), whole, tally)
            refused += [RefusedRow(rows[row.place].address, row.error) for row in untaken]
            copied += count
            windows.went(clean=not untaken)
    return copied, refused


async def _next(windows: RowWindows) -> list[Frame]:
    try:
        return await windows.next()
    except DataRejected as error:
        raise SourceRefuses(error) from None


class _Window:
    """Rows in memory, by their number; attempts are copies into the target."""

    def __init__(
        self, target: Connection, lane: Lane, rows: Sequence[Frame], on_copied: OnCopied
    ) -> None:
        self._target = target
        self._lane = lane
        self._rows = rows
        self._on_copied = on_copied

    async def attempt(self, span: Span[int]) -> int:
        """Copy a span under a savepoint."""
        rows = self._within(span)
        if not rows:
            return 0
        target, lane = self._target, self._lane
        data = addressed(rows, lane.inlet) if lane.addressed else joined(rows, lane.inlet)
        with translated("target"):
            await target.execute("savepoint careful")
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    taken = await take(target, lane.inlet, in_pieces(data, BUFFER_BYTES))
                expect_all_taken(lane.table, Piped(len(rows), taken, len(data)))
                if lane.marks is not None:
                    await receipts.mark(target, lane.marks, lane.table.table_id, lane.chunk)
            except DataRejected:
                await target.execute("rollback to savepoint careful; release savepoint careful")
                raise
            await target.execute("release savepoint careful")
        self._on_copied(taken, len(data))
        return taken

    async def named(self, span: Span[int], error: DataRejected) -> int | None:
        """Give the number of the row that a server named by its line."""
        line = error.details.pop("line", None)
        named = isinstance(line, int) and 0 < line <= len(self._within(span))
        return _first(span) + line - 1 if named else None

    async def middle(self, span: Span[int]) -> int | None:
        """Give the number of the row in the middle."""
        count = len(self._within(span))
        return _first(span) + count // 2 if count else None

    def _within(self, span: Span[int]) -> Sequence[Frame]:
        if span.only is not None:
            return self._rows[span.only : span.only + 1]
        return self._rows[_first(span) : span.before]


def _first(span: Span[int]) -> int:
    return 0 if span.after is None else span.after + 1
