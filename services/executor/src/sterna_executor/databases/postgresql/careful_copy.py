"""Copies rows of which some are refused: the others arrive, and these are set aside.

Everything happens in the target transaction of the caller.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sterna_core.migration.set_aside import ROWS_REFUSED_IN_SUCCESSION_MAX, ROWS_REFUSED_MAX
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql import set_aside
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Database
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.set_aside import Shelf
from sterna_executor.databases.postgresql.sift import Bounds, RefusedRow, Tally
from sterna_executor.databases.postgresql.sifted_copy import (
    Lane,
    OnCopied,
    SourceRefuses,
    copy_sifted,
)
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.table_copy import inlet_of
from sterna_executor.databases.postgresql.table_query import vet
from sterna_executor.databases.postgresql.unreadable import find_unreadable, without

BOUNDS = Bounds(rows=ROWS_REFUSED_MAX, in_succession=ROWS_REFUSED_IN_SUCCESSION_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Careful:
    """What is copied carefully: where from, where to, and as part of which chunk, if of one."""

    source: Database
    target: Connection
    shelf: Shelf
    snapshot_id: str
    bounds: Bounds
    on_copied: OnCopied
    chunk: int | None = None

    @asynccontextmanager
    async def reading(self, table: TableSpec) -> AsyncGenerator[Connection]:
        """Read the source under the snapshot, in a session that is thrown away."""
        async with self.source.session(keep=False) as source:
            await read_under(source, self.snapshot_id, in_order=True)
            await vet(source, table)
            yield source


async def copy_carefully(
    careful: Careful,
    conditions: Iterable[str],
    *,
    source_refuses: bool,
    known: dict[tuple[str, str], str] | None = None,
    error_id: str | None = None,
) -> tuple[int, int]:
    """Copy what is not refused of the rows that match one of the conditions; set the others aside.

    Gives the rows copied and the rows set aside. `error_id` keeps all of these under one error,
    and `known` those that were refused before under theirs. Where `source_refuses`, it is found out first
    which rows the source cannot give; else SourceRefuses is raised for one. Raises DataRejected
    with the code `too_many_data_errors` beyond the bounds.
    """
    table, shelf = careful.shelf.table, careful.shelf
    lane = Lane(
        table=table,
        inlet=inlet_of(table),
        marks=shelf.migration_id,
        chunk=careful.chunk,
    )
    tally = Tally(careful.bounds)
    refused: list[RefusedRow[str]] = []
    copied = 0
    async with careful.reading(table) as source:
        for condition in conditions:
            unread: list[RefusedRow[str]] = []
            if source_refuses:
                unread = await find_unreadable(source, table, condition, tally)
            readable = without(condition, unread)
            count, untaken = await copy_sifted(
                source, careful.target, lane, readable, tally, careful.on_copied
            )
            copied += count
            refused += unread + untaken
        if refused:
            await set_aside.keep(
                source,
                careful.target,
                shelf,
                refused,
                chunk=careful.chunk,
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
