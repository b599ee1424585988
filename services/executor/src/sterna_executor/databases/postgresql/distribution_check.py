"""How far apart the values of columns are distributed on both sides, by Kolmogorov and Smirnov.

The distance is the greatest difference of the shares of values that are not above one of the
source's quantiles. Every value is counted on both sides; the quantiles of a table with many rows
come from a sample of it. With 32 of them the true distance is at most 1/33 above the one found.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from sterna_core.group_error import foremost
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import Role, translated

QUANTILES = 32
COLUMNS_AT_ONCE = 25
"""A query has at most 1,664 columns in its result."""
SAMPLED_ROWS = 100_000
"""About how many rows of a larger table the quantiles are taken from."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A column whose values have an order: its name, its expression on each side, its type."""

    name: str
    theirs: str
    ours: str
    declared: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one side: the table, a condition on them and about how many there are."""

    connection: Connection
    role: Role
    table: str
    condition: str
    estimate: int


async def distances(source: Rows, target: Rows, columns: list[Measured]) -> Mapping[str, float]:
    """Give each column's distance, 0 for the same distribution and 1 for none in common.

    A column without values on a side has none. Raises what `translated` makes of the driver's
    errors.
    """
    found: dict[str, float] = {}
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        some = columns[start : start + COLUMNS_AT_ONCE]
        cuts = await _quantiles(source, some)
        measured = [(column, cuts[column.name]) for column in some if cuts[column.name]]
        if not measured:
            continue
        of_columns = [column for column, _ in measured]
        values = [values for _, values in measured]
        try:
            async with asyncio.TaskGroup() as group:
                theirs = group.create_task(_shares(source, of_columns, values))
                ours = group.create_task(_shares(target, of_columns, values))
        except BaseExceptionGroup as errors:
            raise foremost(errors) from None
        for column, one, other in zip(of_columns, theirs.result(), ours.result(), strict=True):
            if one and other:
                found[column.name] = max(
                    abs(first - second) for first, second in zip(one, other, strict=True)
                )
    return found


async def _quantiles(rows: Rows, columns: list[Measured]) -> dict[str, list[str]]:
    shares = [number / (QUANTILES + 1) for number in range(1, QUANTILES + 1)]
    wanted = ", ".join(
        "pg_catalog.percentile_disc($1::pg_catalog.float8[]) within group"
        f" (order by ({column.theirs})::{column.declared})::pg_catalog.text[] as q{number}"
        for number, column in enumerate(columns)
    )
    sample = ""
    if rows.estimate > SAMPLED_ROWS:
        sample = f" tablesample system ({100 * SAMPLED_ROWS / rows.estimate}) repeatable (7)"
    query = f"select {wanted} from only {rows.table}{sample} where {rows.condition}"
    with translated(rows.role):
        row = await rows.connection.fetchrow(query, shares)
    return {column.name: list(row[f"q{number}"] or ()) for number, column in enumerate(columns)}


async def _shares(rows: Rows, columns: list[Measured], cuts: list[list[str]]) -> list[list[float]]:
    """Give of each column the shares of its values that are not above each of its cuts."""
    wanted = []
    for number, column in enumerate(columns):
        value = f"(({column.theirs if rows.role == 'source' else column.ours})::{column.declared})"
        wanted.append(f"pg_catalog.count({value}) as n{number}")
        wanted.extend(
            f"pg_catalog.count(*) filter (where {value} operator(pg_catalog.<=)"
            f" (${number + 1}::pg_catalog.text[])[{cut + 1}]::{column.declared}) as c{number}_{cut}"
            for cut in range(len(cuts[number]))
        )
    query = f"select {', '.join(wanted)} from only {rows.table} where {rows.condition}"
    with translated(rows.role):
        row = await rows.connection.fetchrow(query, *cuts)
    return [
        [int(row[f"c{number}_{cut}"]) / int(row[f"n{number}"]) for cut in range(len(cuts[number]))]
        if row[f"n{number}"]
        else []
        for number in range(len(columns))
    ]
