"""Whether the figures of tables' columns are the same on both sides."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sterna_core.group_error import foremost
from sterna_core.migration.validation_events import Finding
from sterna_core.migration.validation_options import StatisticalOptions
from sterna_core.postgres.identifiers import quote
from sterna_core.tasks.table import TableSpec
from sterna_core.tasks.validation_work import ValidateStatistics
from sterna_executor.databases.postgresql import set_aside
from sterna_executor.databases.postgresql.canonical import ColumnType
from sterna_executor.databases.postgresql.comparable import types_of
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.distribution_check import Measured, Rows, distances
from sterna_executor.databases.postgresql.errors import Role, translated
from sterna_executor.databases.postgresql.set_aside import LeftOut, Shelf
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.table_query import (
    is_plain,
    source_table,
    target_table,
    value_of,
    vet,
)

COLUMNS_AT_ONCE = 50
SAMPLED_ABOVE_ROWS = 100_000
SAMPLE_BITS = 6
"""Of a table with many rows, distinct values are counted among one in 64 of all hashes."""
COLUMNS_NAMED = 5
_BEGIN = "begin isolation level repeatable read read only"
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
_ORDERED = _NUMBERS | {"date", "timestamp", "timestamptz", "time"}
_NOT_DISTINCT = frozenset({"json", "jsonb", "xml", "bytea", "tsvector"})


@dataclass(frozen=True, slots=True)
class ColumnFigures:
    """What a column comes to; the bounds are digests, so that no value leaves the database."""

    nulls: int
    distinct: int | None
    bounds: str | None
    average: Decimal | None


@dataclass(frozen=True, slots=True)
class TableFigures:
    """What a table comes to."""

    rows: int
    columns: dict[str, ColumnFigures]


async def check_statistics(assignment: Assignment, work: ValidateStatistics) -> list[Finding]:
    """Compare rows, and of each column nulls, bounds, averages, distinct values, distribution.

    The source is read under the snapshot and with its transformations. Raises SnapshotLost and
    what `translated` makes of the driver's errors.
    """
    plain = all(is_plain(column) for table in work.tables for column in table.columns)
    found = []
    async with (
        assignment.source.session(keep=plain) as source,
        assignment.target.session() as target,
    ):
        await read_under(source, work.snapshot_id)
        with translated("target"):
            await target.execute(_BEGIN)
        for table in work.tables:
            await vet(source, table)
            types = await types_of(target, "target", target_table(table))
            left_out = await _left_out(assignment, target, table, work)
            theirs, ours = await _both(source, target, table, types, left_out)
            apart = await distances(
                Rows(source, "source", source_table(table), left_out.others, theirs.rows),
                Rows(target, "target", target_table(table), "true", ours.rows),
                _ordered(table, types, left_out),
            )
            found.append(judge(table.table_id, theirs, ours, work.options, left_out, apart))
        for role, connection in (("source", source), ("target", target)):
            with translated("source" if role == "source" else "target"):
                await connection.execute("rollback")
    return found


async def _left_out(
    assignment: Assignment, target: Connection, table: TableSpec, work: ValidateStatistics
) -> LeftOut:
    """Say what is known to differ: rows that are not in the target, values that are others there."""
    if not work.generation:
        return LeftOut()
    shelf = Shelf(migration_id=assignment.migration_id, table=table, generation=work.generation)
    return await set_aside.missing(target, shelf)


def _ordered(table: TableSpec, types: dict[str, ColumnType], left_out: LeftOut) -> list[Measured]:
    found = []
    for each in table.columns:
        kept = types.get(each.target)
        if kept is None or not kept.builtin or each.target in left_out.replaced_columns:
            continue
        if kept.name in _ORDERED and kept.declared is not None:
            found.append(Measured(each.target, value_of(each), quote(each.target), kept.declared))
    return found


async def _both(
    source: Connection,
    target: Connection,
    table: TableSpec,
    types: dict[str, ColumnType],
    left_out: LeftOut,
) -> tuple[TableFigures, TableFigures]:
    compared = [each for each in table.columns if each.target not in left_out.replaced_columns]
    theirs = [(each.target, value_of(each)) for each in compared]
    ours = [(each.target, quote(each.target)) for each in compared]
    try:
        async with asyncio.TaskGroup() as group:
            one = group.create_task(
                _figures(
                    source,
                    "source",
                    f"{source_table(table)} where {left_out.others}",
                    table,
                    theirs,
                    types,
                )
            )
            other = group.create_task(
                _figures(target, "target", target_table(table), table, ours, types)
            )
    except BaseExceptionGroup as errors:
        raise foremost(errors) from None
    return one.result(), other.result()


async def _figures(
    connection: Connection,
    role: Role,
    rows_of: str,
    table: TableSpec,
    values: list[tuple[str, str]],
    types: dict[str, ColumnType],
) -> TableFigures:
    bits = SAMPLE_BITS if table.estimated_rows > SAMPLED_ABOVE_ROWS else 0
    columns: dict[str, ColumnFigures] = {}
    rows = 0
    for start in range(0, max(len(values), 1), COLUMNS_AT_ONCE):
        some = values[start : start + COLUMNS_AT_ONCE]
        wanted = ["pg_catalog.count(*) as rows"]
        for number, (name, value) in enumerate(some):
            wanted.extend(_wanted(number, value, types.get(name), bits))
        with translated(role):
            row = await connection.fetchrow(f"select {', '.join(wanted)} from only {rows_of}")
        rows = int(row["rows"])
        for number, (name, _) in enumerate(some):
            columns[name] = _column(dict(row), number, rows, bits)
    return TableFigures(rows, columns)


def _wanted(number: int, value: str, kept: ColumnType | None, bits: int) -> list[str]:
    name = kept.name if kept is not None and kept.builtin else ""
    wanted = [f"pg_catalog.count({value}) as n{number}"]
    if name not in _NOT_DISTINCT:
        text = f'({value})::pg_catalog.text collate "C"'
        place = f"pg_catalog.hashtextextended({text}, 7)"
        kept_of = f" filter (where {place} & {2**bits - 1} = 0)" if bits else ""
        wanted.append(f"pg_catalog.count(distinct {place}){kept_of} as d{number}")
    if name in _ORDERED and kept is not None:
        as_kept = f"(({value})::{kept.declared})"
        bounds = f"pg_catalog.min({as_kept})::text || ' ' || pg_catalog.max({as_kept})::text"
        wanted.append(f"pg_catalog.md5({bounds}) as b{number}")
    if name in _NUMBERS:
        finite = "" if name.startswith("int") else f" filter (where {_is_finite(value, name)})"
        wanted.append(f"pg_catalog.avg(({value})::pg_catalog.numeric){finite} as a{number}")
    return wanted


def _is_finite(value: str, name: str) -> str:
    apart = "'NaN', 'Infinity', '-Infinity'"
    if name == "numeric":
        return f"({value})::pg_catalog.text not in ({apart})"
    return f"({value})::pg_catalog.float8 not in ({apart})"


def _column(row: dict[str, Any], number: int, rows: int, bits: int) -> ColumnFigures:
    distinct = row.get(f"d{number}")
    return ColumnFigures(
        nulls=rows - int(row[f"n{number}"]),
        distinct=None if distinct is None else int(distinct) << bits,
        bounds=row.get(f"b{number}"),
        average=row.get(f"a{number}"),
    )


def judge(
    table_id: str,
    source: TableFigures,
    target: TableFigures,
    options: StatisticalOptions,
    left_out: LeftOut,
    apart: Mapping[str, float],
) -> Finding:
    """Say whether the figures of both sides agree, and which columns' do not."""
    wrong: dict[str, list[str]] = {}
    for name, theirs in source.columns.items():
        what = _differing(theirs, target.columns[name], source.rows, target.rows, options)
        if 1 - apart.get(name, 0.0) < options.distribution_similarity:
            what.append("distributions")
        if what:
            wrong[name] = what
    problems = [] if source.rows == target.rows else ["the numbers of rows differ"]
    problems += [f"{name}: {', '.join(what)}" for name, what in list(wrong.items())[:COLUMNS_NAMED]]
    return Finding(
        subject=table_id,
        passed=not problems,
        text="; ".join(problems),
        figures={
            "source_rows": source.rows,
            "target_rows": target.rows,
            "columns": len(source.columns),
            "columns_differing": len(wrong),
            "rows_left_out": left_out.rows,
            "columns_replaced": len(left_out.replaced_columns),
            "distribution_distance": round(max(apart.values(), default=0.0), 4),
        },
    )


def _differing(
    theirs: ColumnFigures,
    ours: ColumnFigures,
    their_rows: int,
    our_rows: int,
    options: StatisticalOptions,
) -> list[str]:
    found = []
    rates = theirs.nulls / max(their_rows, 1), ours.nulls / max(our_rows, 1)
    if abs(rates[0] - rates[1]) > options.null_rate_tolerance:
        found.append("shares of nulls")
    if theirs.bounds != ours.bounds:
        found.append("least and greatest value")
    if not _near(theirs.average, ours.average, options.numeric_epsilon):
        found.append("averages")
    if not _near(theirs.distinct, ours.distinct, options.distinct_tolerance):
        found.append("distinct values")
    return found


def _near(one: Decimal | int | None, other: Decimal | int | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    first, second = Decimal(one), Decimal(other)
    size = max(abs(first), abs(second))
    return abs(first - second) <= size * Decimal(str(tolerance))
