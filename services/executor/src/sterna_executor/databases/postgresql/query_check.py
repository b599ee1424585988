"""Whether a query gives the same on both sides; only digests leave the databases."""

import asyncio
from dataclasses import dataclass

import asyncpg

from sterna_core.expression.query_vetting import QueryRefused, vet_query
from sterna_core.group_error import foremost
from sterna_core.migration.validation_events import Figure, Finding
from sterna_core.migration.validation_options import Fidelity, Query
from sterna_core.tasks.validation_work import ValidateQuery
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import (
    DRIVER_ERRORS,
    Role,
    translate,
    translated,
)
from sterna_executor.databases.postgresql.snapshot import read_under

QUERY_SECONDS = 1_800
"""How long a query may take on one side."""

ROWS_MAX = 1_000_000
"""How many rows a query may give."""

_BEGIN = "begin isolation level repeatable read read only"
_DIGEST = """
select pg_catalog.count(*) as rows,
    pg_catalog.encode(pg_catalog.sha256(coalesce(
        pg_catalog.string_agg(s.h, ''::pg_catalog.bytea order by {order}), ''
    )), 'hex') as digest
from (
    select pg_catalog.row_number() over () as n,
        pg_catalog.sha256(pg_catalog.convert_to(q::pg_catalog.text, 'UTF8')) as h
    from (
{query}
    ) as q
    limit {limit}
) as s
"""
_TOO_SLOW = "57014"
_SERVERS_OWN = frozenset({"08", "53", "57", "58", "72", "XX"})
_ORDERS: dict[Fidelity, str] = {"exact": "s.n", "semantic": "s.h"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave: how many rows, and a digest of them."""

    rows: int
    digest: str


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
    text = "" if theirs == ours else "the two sides answer differently"
    if too_many:
        text = f"it gives more than {ROWS_MAX:,} rows"
    return Finding(
        subject=query.name, passed=theirs == ours and not too_many, text=text, figures=figures
    )


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
    statement = _DIGEST.format(order=_ORDERS[query.fidelity], query=text, limit=ROWS_MAX + 1)
    with translated(role):
        await connection.execute(f"set local statement_timeout = '{QUERY_SECONDS}s'")
    try:
        # Extended protocol: one statement, whatever the query holds.
        row = await connection.fetchrow(statement)
    except DRIVER_ERRORS as error:
        if not isinstance(error, asyncpg.PostgresError):
            raise translate(error, role) from None
        state = str(error.sqlstate)
        if state != _TOO_SLOW and (connection.is_closed() or state[:2] in _SERVERS_OWN):
            raise translate(error, role) from None
        raise QueryFailed(f"it cannot be run on the {role} (SQLSTATE {error.sqlstate})") from None
    return Answer(int(row["rows"]), str(row["digest"]))
