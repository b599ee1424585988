"""Looks at rows of the source, so many and so long as is cheap, and counts what would fit."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from msgspec import Struct

from sterna_core.postgres.identifiers import literal, qualified, quote
from sterna_executor.databases.postgresql.confidence import Measured
from sterna_executor.databases.postgresql.confidence_check import ColumnCheck
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.encoding import Conversion
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.inventory_table import Table

PAGES_PER_TABLE = 200
PAGES_PER_TABLE_AT_LEAST = 8
PAGES_IN_ALL = 16_000
TABLES_PER_QUERY = 25
COLUMNS_PER_QUERY = 1_000
TEXT_ROWS = 5_000
TEXT_CHARACTERS = 65_536
STATEMENT_TIMEOUT_SECONDS = 5
LOCK_TIMEOUT_SECONDS = 1
DEADLINE_SECONDS = 30.0
GRACE_SECONDS = 60.0
EXAMPLES = 3
COLUMNS_EXPLAINED = 20
_SEED = 1
_TELL_NOTHING = frozenset({"smallint", "integer", "bigint", "uuid", "date"})

_log = structlog.get_logger(__name__)

Checks = Mapping[int, tuple[ColumnCheck, ...]]
"""How the columns of a table are tried, by the table's oid."""


class Sampling(Struct, frozen=True, kw_only=True):
    """How much is looked at: pages of a table, and seconds in all."""

    pages_per_table: int = PAGES_PER_TABLE
    pages_in_all: int = PAGES_IN_ALL
    deadline_seconds: float = DEADLINE_SECONDS

    def pages(self, tables: int) -> int:
        """Give the pages to look at in each of so many tables."""
        fair = self.pages_in_all // max(tables, 1)
        return max(min(self.pages_per_table, fair), min(PAGES_PER_TABLE_AT_LEAST, fair), 1)


class Sampler:
    """Counts, in small tables in all rows and in others in a sample, what the target can hold.

    A table that cannot be looked at in time (it is locked, or its values are slow to check) is
    left out of the result.
    """

    def __init__(
        self,
        source: Connection,
        checks: Checks,
        conversion: Conversion,
        sampling: Sampling | None = None,
        seconds: Callable[[], float] | None = None,
    ) -> None:
        self._source = source
        self._checks = checks
        self._conversion = conversion
        self._sampling = sampling or Sampling()
        self._seconds = seconds or asyncio.get_running_loop().time

    async def measure(self, tables: Sequence[Table]) -> dict[int, Measured]:
        """Look at the tables; gives what was found by the table's oid.

        Raises what `translated` makes of a lost connection; nothing for a table that fails.
        """
        deadline = self._seconds() + self._sampling.deadline_seconds
        pages = self._sampling.pages(len(tables))
        found = {
            table.oid: Measured(rows=0, whole=True, share=1.0, present={}, holds={})
            for table in tables
            if table.pages == 0
        }
        with translated("source"):
            # Past its own deadline a statement of seconds may be under way, and nothing else.
            async with asyncio.timeout(max(self._sampling.deadline_seconds, 0) + GRACE_SECONDS):
                for batch in _batches([table for table in tables if table.pages > 0]):
                    if self._seconds() > deadline:
                        break
                    found |= await self._batch(batch, pages, deadline)
        return found

    async def _batch(
        self, batch: Sequence[Table], pages: int, deadline: float
    ) -> dict[int, Measured]:
        try:
            return await self._count(batch, pages)
        except asyncpg.PostgresError as error:
            if self._source.is_closed():
                raise
            _log.info("plan.sample_failed", tables=len(batch), sqlstate=error.sqlstate)
        found: dict[int, Measured] = {}
        if len(batch) > 1:
            for table in batch:
                if self._seconds() > deadline:
                    break
                found |= await self._batch([table], pages, deadline)
        return found

    async def _count(self, batch: Sequence[Table], pages: int) -> dict[int, Measured]:
        statement = " UNION ALL ".join(
            self._counting(place, table, pages) for place, table in enumerate(batch)
        )
        found: dict[int, Measured] = {}
        async with self._source.transaction(isolation="read_committed", readonly=True):
            await self._source.execute(
                f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s';"
                f" SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT_SECONDS}s'"
            )
            for row in await self._source.fetch(statement):
                table = batch[row["place"]]
                checks = self._checks[table.oid]
                tried = [check for check in checks if check.condition is not None]
                holds = _by_name(tried, row["holds"])
                failing = await self._failing(table, pages, holds, row["rows"])
                for column, count in (await self._try_text(table, pages, row["rows"])).items():
                    holds[column] = min(count, holds.get(column, count))
                found[table.oid] = Measured(
                    rows=row["rows"],
                    whole=table.pages <= pages,
                    share=min(1.0, pages / table.pages),
                    present=_by_name(checks, row["present"]),
                    holds=holds,
                    failing=failing,
                    longest=_known(_extent(checks, "length"), row["longest"]),
                    bounds=_known(
                        _extent(checks, "range"), zip(row["lowest"], row["highest"], strict=True)
                    ),
                )
        return found

    async def _failing(
        self, table: Table, pages: int, holds: Mapping[str, int], rows: int
    ) -> dict[str, tuple[str, ...]]:
        """Name some rows of each column that the target cannot hold as it is."""
        found: dict[str, tuple[str, ...]] = {}
        for check in self._checks[table.oid]:
            if len(found) < COLUMNS_EXPLAINED and holds.get(check.column, rows) < rows:
                examples = await self._source.fetch(
                    f"SELECT {_address(table)} AS address FROM {_from(table, pages)}"
                    f" WHERE NOT coalesce({check.condition}, false) LIMIT {EXAMPLES}"
                )
                found[check.column] = tuple(row["address"] for row in examples)
        return found

    def _counting(self, place: int, table: Table, pages: int) -> str:
        checks = self._checks[table.oid]
        present = [f"count({quote(check.column)})" for check in checks]
        holds = [
            f"count(*) FILTER (WHERE {check.condition})"
            for check in checks
            if check.condition is not None
        ]
        lengths = _extent(checks, "length")
        ranges = _extent(checks, "range")
        longest = [f"max(char_length({quote(column)}::text))" for column in lengths]
        return (
            f"SELECT {place} AS place, count(*) AS rows,"
            f" ARRAY[{', '.join(present)}]::bigint[] AS present,"
            f" ARRAY[{', '.join(holds)}]::bigint[] AS holds,"
            f" ARRAY[{', '.join(longest)}]::bigint[] AS longest,"
            f" ARRAY[{', '.join(f'min({quote(name)})::text' for name in ranges)}]::text[] AS lowest,"
            f" ARRAY[{', '.join(f'max({quote(name)})::text' for name in ranges)}]::text[] AS highest"
            f" FROM {_from(table, pages)}"
        )

    async def _try_text(self, table: Table, pages: int, rows: int) -> dict[str, int]:
        """Try the text of each column; the failures found are taken as the share of all rows."""
        columns = [check.column for check in self._checks[table.oid] if check.text]
        if not columns or not self._conversion.is_known:
            return dict.fromkeys(columns, 0)
        encoding = literal(self._conversion.source)
        texts = ", ".join(
            f"convert_to(left({quote(column)}::text, {TEXT_CHARACTERS}), {encoding})"
            for column in columns
        )
        tried = failed = 0
        failures = dict.fromkeys(columns, 0)
        for row in await self._source.fetch(
            f"SELECT {texts} FROM {_from(table, pages)} LIMIT {TEXT_ROWS}"
        ):
            tried += 1
            for column, stored in zip(columns, row, strict=True):
                if stored is not None and not self._conversion.holds(stored):
                    failures[column] += 1
                    failed += 1
        if not failed:
            return dict.fromkeys(columns, rows)
        return {
            column: rows - min(rows, max(count, round(count / tried * rows)))
            for column, count in failures.items()
        }


def _extent(checks: Sequence[ColumnCheck], extent: str) -> list[str]:
    return [check.column for check in checks if check.extent == extent]


def _known(columns: Sequence[str], values: Iterable[Any]) -> dict[str, Any]:
    """Give what was found by column, without those that hold nulls only."""
    found = zip(columns, values, strict=True)
    return {name: value for name, value in found if value not in {None, (None, None)}}


def _address(table: Table) -> str:
    """Name a row by its key where that says nothing of anybody, else by its place in the table."""
    types = {column.name: column.type for column in table.columns}
    if table.key and all(types.get(name) in _TELL_NOTHING for name in table.key):
        named = ", ', ', ".join(f"{literal(name + '=')}, {quote(name)}" for name in table.key)
        return f"concat({named})"
    return "'row ' || ctid::text"


def _from(table: Table, pages: int) -> str:
    name = f"ONLY {qualified(table.schema, table.name)}"
    if table.pages <= pages:
        return name
    percent = 100.0 * pages / table.pages
    return f"{name} TABLESAMPLE SYSTEM ({percent:.8f}) REPEATABLE ({_SEED})"


def _batches(tables: Sequence[Table]) -> Iterator[list[Table]]:
    batch: list[Table] = []
    columns = 0
    for table in tables:
        columns += len(table.columns)
        if batch and (len(batch) == TABLES_PER_QUERY or columns > COLUMNS_PER_QUERY):
            yield batch
            batch, columns = [], len(table.columns)
        batch.append(table)
    if batch:
        yield batch


def _by_name(checks: Sequence[ColumnCheck], counts: Sequence[Any]) -> dict[str, int]:
    return {check.column: count for check, count in zip(checks, counts, strict=True)}
