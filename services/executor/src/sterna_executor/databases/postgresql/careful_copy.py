"""Copies rows of which some are refused: the others arrive, and these are set aside.

Everything happens in the target transaction of the caller, under a savepoint for each attempt.
The source is read in sessions of its own under the same snapshot, a new one after each refusal:
what was being read is given up with its session.
"""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise, starmap
from typing import Any

from sterna_core.errors import DataRejected
from sterna_core.migration.set_aside import ROWS_REFUSED_IN_SUCCESSION_MAX, ROWS_REFUSED_MAX
from sterna_core.postgres.identifiers import literal
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql import receipts, set_aside
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Database
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.pipe import pipe
from sterna_executor.databases.postgresql.set_aside import Shelf
from sterna_executor.databases.postgresql.sift import Bounds, RefusedRow, Span, sift
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.table_copy import expect_all_taken, inlet_of
from sterna_executor.databases.postgresql.table_query import send_rows, source_table, vet

BOUNDS = Bounds(rows=ROWS_REFUSED_MAX, in_succession=ROWS_REFUSED_IN_SUCCESSION_MAX)

OnCopied = Callable[[int, int], None]
"""Takes the rows and bytes of a span that was copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Careful:
    """What is copied carefully: where from, where to, and what stands for `chunk` in errors."""

    source: Database
    target: Connection
    shelf: Shelf
    snapshot_id: str
    bounds: Bounds
    on_copied: OnCopied


async def copy_carefully(
    careful: Careful,
    conditions: Iterable[str],
    *,
    chunk: int | None,
    source_refuses: bool,
    known: dict[tuple[str, str], str] | None = None,
    error_id: str | None = None,
) -> tuple[int, int]:
    """Copy what is not refused of the rows that match one of the conditions; set the others aside.

    Gives the rows copied and the rows set aside. `error_id` keeps all of these under one error,
    and `known` those that were refused before under theirs. Where `source_refuses`, it is found out first
    which rows the source cannot give. Raises DataRejected with the code `too_many_data_errors`
    beyond the bounds.
    """
    copied = 0
    refused: list[RefusedRow[str]] = []
    for condition in conditions:
        whole: Span[str] = Span()
        spans = [whole]
        if source_refuses:
            async with _attempts(careful, _Read) as rows:
                unread, _ = await sift(rows(condition), whole, careful.bounds)
            refused += unread
            spans = _between([row.place for row in unread])
        async with _attempts(careful, _Copied) as rows:
            for span in spans:
                some, count = await sift(rows(condition), span, careful.bounds)
                refused += some
                copied += count
        if len(refused) > careful.bounds.rows:
            raise DataRejected(
                "too many rows are refused",
                code="too_many_data_errors",
                details={"refused": len(refused), "table_id": careful.shelf.table.table_id},
            )
    if refused:
        async with _session(careful) as source:
            await set_aside.keep(
                source,
                careful.target,
                careful.shelf,
                refused,
                chunk=chunk,
                known=known,
                error_id=error_id,
            )
    return copied, len(refused)


async def copy_whatever_arrives(
    careful: Careful,
    condition: str,
    *,
    known: dict[tuple[str, str], str] | None = None,
    error_id: str | None = None,
) -> tuple[int, int]:
    """Copy rows of which some may be refused by either side; see `copy_carefully`.

    It stands in a larger transaction of the target, which goes on whatever is refused.
    """
    target = careful.target
    for source_refuses in (False, True):
        with translated("target"):
            await target.execute("savepoint whatever_arrives")
        try:
            done = await copy_carefully(
                careful,
                (condition,),
                chunk=None,
                source_refuses=source_refuses,
                known=known,
                error_id=error_id,
            )
        except SourceRefuses as refusal:
            if source_refuses:
                raise refusal.error from None
            with translated("target"):
                await target.execute("rollback to savepoint whatever_arrives")
                await target.execute("release savepoint whatever_arrives")
        else:
            with translated("target"):
                await target.execute("release savepoint whatever_arrives")
            return done
    raise AssertionError("one of the two rounds returns or raises")


def _between(places: list[str]) -> list[Span[str]]:
    """Give the spans that are left when the rows at some places are taken out."""
    edges = [None, *places, None]
    return list(starmap(Span, pairwise(edges)))


@asynccontextmanager
async def _session(careful: Careful) -> AsyncGenerator[Connection]:
    async with careful.source.session(keep=False) as source:
        await read_under(source, careful.snapshot_id, in_order=True)
        await vet(source, careful.shelf.table)
        yield source


class _Rows:
    """Rows of the source that match a condition, by their address."""

    def __init__(self, careful: Careful, lease: "_Lease", condition: str) -> None:
        self._careful = careful
        self._lease = lease
        self._condition = condition

    @property
    def _table(self) -> TableSpec:
        return self._careful.shelf.table

    def where(self, span: Span[str]) -> str:
        """Give the condition for a span."""
        parts = [f"({self._condition})"]
        if span.only is not None:
            parts.append(f"ctid = {literal(span.only)}::pg_catalog.tid")
        if span.after is not None:
            parts.append(f"ctid > {literal(span.after)}::pg_catalog.tid")
        if span.before is not None:
            parts.append(f"ctid < {literal(span.before)}::pg_catalog.tid")
        return " and ".join(parts)

    async def named(self, span: Span[str], error: DataRejected) -> str | None:
        """Give the address of the line that a server named."""
        line = error.details.pop("line", None)
        return await self._at(span, line - 1) if isinstance(line, int) else None

    async def middle(self, span: Span[str]) -> str | None:
        """Give the address of the row in the middle."""
        source = await self._lease.session()
        with translated("source"):
            count = await source.fetchval(
                "select pg_catalog.count(*) from only"
                f" {source_table(self._table)} where {self.where(span)}"
            )
        return await self._at(span, count // 2)

    async def _at(self, span: Span[str], number: int) -> str | None:
        source = await self._lease.session()
        with translated("source"):
            found: str | None = await source.fetchval(
                f"select ctid::pg_catalog.text from only {source_table(self._table)}"
                f" where {self.where(span)} offset $1 limit 1",
                number,
            )
        return found


class _Copied(_Rows):
    """Attempts are copies into the target."""

    async def attempt(self, span: Span[str]) -> int:
        """Copy a span under a savepoint."""
        source, target = await self._lease.session(), self._careful.target
        with translated("target"):
            await target.execute("savepoint careful")
        try:
            piped = await pipe(
                source,
                send_rows(source, self._table, self.where(span)),
                target,
                inlet_of(self._table),
            )
            expect_all_taken(self._table, piped)
            if self._table.received:
                with translated("target"):
                    await receipts.mark(target, self._careful.shelf.migration_id)
        except DataRejected as error:
            await self._lease.give_up()
            if error.details.get("side") == "source":
                raise SourceRefuses(error) from None
            with translated("target"):
                await target.execute("rollback to savepoint careful")
                await target.execute("release savepoint careful")
            raise
        with translated("target"):
            await target.execute("release savepoint careful")
        self._careful.on_copied(piped.rows_taken, piped.bytes)
        return piped.rows_taken


class _Read(_Rows):
    """Attempts are reads of the source that go nowhere."""

    async def attempt(self, span: Span[str]) -> int:
        """Read a span."""
        source = await self._lease.session()
        query = send_rows(source, self._table, self.where(span))
        try:
            with translated("source"):
                status = await source.copy_from_query(
                    query, output=_nowhere, format=self._table.copy_format
                )
        except DataRejected:
            await self._lease.give_up()
            raise
        return int(status.rpartition(" ")[2])


class SourceRefuses(Exception):
    """It was the source that could not give a row: the attempt has to begin by finding these."""

    def __init__(self, error: DataRejected) -> None:
        super().__init__(error.message)
        self.error = error


class _Lease:
    """A session of the source under the snapshot; a new one after one was given up."""

    def __init__(self, careful: Careful) -> None:
        self._careful = careful
        self._open: Connection | None = None
        self._stack = AsyncExitStack()

    async def session(self) -> Connection:
        """Give the session at hand."""
        if self._open is None:
            self._open = await self._stack.enter_async_context(_session(self._careful))
        return self._open

    async def give_up(self) -> None:
        """Close the session at hand, with what it was doing."""
        self._open = None
        await self._stack.aclose()


@asynccontextmanager
async def _attempts(careful: Careful, kind: type[_Rows]) -> AsyncGenerator[Callable[[str], Any]]:
    lease = _Lease(careful)
    try:
        yield lambda condition: kind(careful, lease, condition)
    finally:
        await lease.give_up()


async def _nowhere(_: bytes) -> None:
    """Take what is read and do nothing with it."""
