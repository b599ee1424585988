"""Whether a query gives the same on both sides; only digests leave the databases."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import asyncpg

from sterna_core.expression.query_vetting import QueryRefused, vet_query
from sterna_core.group_error import foremost
from sterna_core.migration.validation_events import Figure, Finding
from sterna_core.migration.validation_options import Fidelity, Query
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.tasks.validation_work import ValidateQuery
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import Role, translate, translated
from sterna_executor.databases.postgresql.snapshot import read_under

QUERY_SECONDS = 1_800
"""How long a query may take on one side."""

ROWS_MAX = 1_000_000
"""How many rows a query may give."""

TOTALS_EPSILON = Decimal("0.0001")
"""How far apart two totals may be where a query is of fidelity `business`, relative."""

_BEGIN = "begin isolation level repeatable read read only"
_DIGEST = """
select pg_catalog.count(*) as rows,
    pg_catalog.encode(pg_catalog.sha256(coalesce(
        pg_catalog.string_agg(s.h, ''::pg_catalog.bytea order by {order}), ''
    )), 'hex') as digest,
    array[{totals}]::pg_catalog.text[] as totals
from (
    select pg_catalog.row_number() over () as n,
        pg_catalog.sha256(pg_catalog.convert_to({digested}::pg_catalog.text, 'UTF8')) as h{numbers}
    from (
{query}
    ) as q{names}
    limit {limit}
) as s
"""
_TOO_SLOW = "57014"
_SERVERS_OWN = frozenset({"08", "53", "57", "58", "72", "XX"})
_ORDERS: dict[Fidelity, str] = {"exact": "s.n", "semantic": "s.h", "business": "s.h"}
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave: how many rows, a digest of them, and totals of what it leaves out.

    A total is None where the column has no value.
    """

    rows: int
    digest: str
    totals: tuple[Decimal | None, ...] = ()

    def is_like(self, other: "Answer") -> bool:
        """Tell whether both say the same, totals nearly."""
        return (
            (self.rows, self.digest) == (other.rows, other.digest)
            and len(self.totals) == len(other.totals)
            and all(map(_near, self.totals, other.totals))
        )


class QueryFailed(Exception):
    """A query could not be run; the text says why and where."""


async def check_query(assignment: Assignment, work: ValidateQuery) -> Finding:
    """Run a query on the source, under the snapshot, and on the target; compare the digests.

    Both run read-only, on connections that nobody uses afterwards. What is wrong with the query
    itself is a finding. Raises SnapshotLost and what `translated` makes of the driver's errors.
    """
    query = work.query
    try:
        texts = vetted(query)
        theirs, ours = await _both(assignment, work, texts)
    except QueryRefused as refused:
        return Finding(subject=query.name, passed=False, text=refused.message)
    except QueryFailed as failed:
        return Finding(subject=query.name, passed=False, text=str(failed))
    figures: dict[str, Figure] = {
        "source_rows": theirs.rows,
        "target_rows": ours.rows,
        "source_digest": theirs.digest,
        "target_digest": ours.digest,
        "fidelity": query.fidelity,
    }
    too_many = max(theirs.rows, ours.rows) > ROWS_MAX
    alike = theirs.is_like(ours)
    text = "" if alike else "the two sides answer differently"
    if too_many:
        text = f"it gives more than {ROWS_MAX:,} rows"
    return Finding(subject=query.name, passed=alike and not too_many, text=text, figures=figures)


def vetted(query: Query) -> tuple[str, str]:
    """Give the text for the source and that for the target; raises QueryRefused."""
    ordered = query.fidelity == "exact"
    return (
        vet_query(query.query, ordered=ordered),
        vet_query(query.target_query or query.query, ordered=ordered),
    )


async def _both(
    assignment: Assignment, work: ValidateQuery, texts: tuple[str, str]
) -> tuple[Answer, Answer]:
    async with (
        assignment.source.session(keep=False) as source,
        assignment.target.session(keep=False) as target,
    ):
        await read_under(source, work.snapshot_id)
        with translated("target"):
            await target.execute(_BEGIN)
        try:
            async with asyncio.TaskGroup() as group:
                theirs = group.create_task(_answer(source, "source", texts[0], work.query))
                ours = group.create_task(_answer(target, "target", texts[1], work.query))
        except BaseExceptionGroup as errors:
            raise foremost(errors) from None
    return theirs.result(), ours.result()


async def _answer(connection: Connection, role: Role, text: str, query: Query) -> Answer:
    with translated(role):
        await connection.execute(f"set local statement_timeout = '{QUERY_SECONDS}s'")
    try:
        # Extended protocol: one statement, whatever the query holds.
        row = await connection.fetchrow(await _statement(connection, text, query.fidelity))
    except DRIVER_ERRORS as error:
        if not isinstance(error, asyncpg.PostgresError):
            raise translate(error, role) from None
        state = str(error.sqlstate)
        if state != _TOO_SLOW and (connection.is_closed() or state[:2] in _SERVERS_OWN):
            raise translate(error, role) from None
        raise QueryFailed(f"it cannot be run on the {role} (SQLSTATE {error.sqlstate})") from None
    totals = tuple([None if total is None else Decimal(total) for total in row["totals"]])
    return Answer(int(row["rows"]), str(row["digest"]), totals)


async def _statement(connection: Connection, text: str, fidelity: Fidelity) -> str:
    """Write what digests a query's rows: whole, or but for their numbers, which are summed up."""
    numbers: Sequence[int] = ()
    others: Sequence[int] = ()
    if fidelity == "business":
        types = [each.type for each in (await connection.prepare(text)).get_attributes()]
        is_number = [each.schema == "pg_catalog" and each.name in _NUMBERS for each in types]
        numbers = [place for place, number in enumerate(is_number) if number]
        others = [place for place, number in enumerate(is_number) if not number]
    names = ", ".join(f"c{place}" for place in sorted([*numbers, *others]))
    return _DIGEST.format(
        order=_ORDERS[fidelity],
        query=text,
        limit=ROWS_MAX + 1,
        names=f"({names})" if names else "",
        digested=f"row({', '.join(f'q.c{place}' for place in others)})" if names else "q",
        numbers="".join(f", q.c{place}::pg_catalog.numeric" for place in numbers),
        totals=", ".join(f"pg_catalog.sum(s.c{place})::pg_catalog.text" for place in numbers),
    )


def _near(one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None or not (one.is_finite() and other.is_finite()):
        return str(one) == str(other)
    return abs(one - other) <= TOTALS_EPSILON * max(abs(one), abs(other))
