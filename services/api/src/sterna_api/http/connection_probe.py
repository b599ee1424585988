"""Tries a connection: reaches the server, enters, and asks what the role may do."""

from time import perf_counter

import asyncpg

from sterna_api.http.connection_statements import CONNECTION_SQL
from sterna_api.http.database_visit import FAILED, Visit, VisitFailed, visit
from sterna_core.clock import Clock
from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.options import ConnectionOptions
from sterna_core.connection.probe import ProbeResult
from sterna_core.secrets.secret import Secret

OLDEST_MAJOR = 11
_VERSION_UNIT = 10_000
_RIGHTS = (
    "superuser",
    "replication",
    "create_schema",
    "temporary",
    "read_all_data",
    "write_all_data",
)


async def probe(
    endpoint: Endpoint,
    password: Secret,
    *,
    options: ConnectionOptions,
    schemas: tuple[str, ...],
    clock: Clock,
) -> ProbeResult:
    """Try a connection; what goes wrong is told in words of our own.

    `schemas` are those whose tables the role should be able to read; none means every one.
    """
    try:
        async with visit(endpoint, password, options) as entered:
            return await _look(entered, schemas, clock)
    except VisitFailed as fault:
        return ProbeResult(succeeded=False, at=clock(), code=FAILED, message=fault.message)


async def _look(entered: Visit, schemas: tuple[str, ...], clock: Clock) -> ProbeResult:
    begun = perf_counter()
    row = await entered.connection.fetchrow(CONNECTION_SQL["server"])
    answered = perf_counter()
    assert row is not None
    tables = await entered.connection.fetchrow(CONNECTION_SQL["readable_tables"], list(schemas))
    assert tables is not None
    too_old = row["version_number"] < OLDEST_MAJOR * _VERSION_UNIT
    return ProbeResult(
        succeeded=not too_old,
        at=clock(),
        code="version_not_supported" if too_old else None,
        message=f"The oldest PostgreSQL supported is {OLDEST_MAJOR}." if too_old else None,
        connect_milliseconds=entered.connect_milliseconds,
        login_milliseconds=entered.login_milliseconds,
        query_milliseconds=round((answered - begun) * 1000, 1),
        server_version=row["version"],
        encoding=row["encoding"],
        encrypted=row["encrypted"],
        rights=tuple(right for right in _RIGHTS if row[right]),
        tables=tables["tables"],
        tables_readable=tables["readable"],
        missing={"source": _missing_of_source(tables), "target": _missing_of_target(row)},
    )


def _missing_of_source(tables: asyncpg.Record) -> tuple[str, ...]:
    hidden = tables["tables"] - tables["readable"]
    return (f"SELECT on {hidden} of {tables['tables']} tables",) if hidden else ()


def _missing_of_target(row: asyncpg.Record) -> tuple[str, ...]:
    missing = []
    if not row["create_schema"]:
        missing.append("CREATE on the database")
    if not row["temporary"]:
        missing.append("TEMPORARY on the database")
    if row["in_recovery"]:
        missing.append("a server that takes writes: this one is a standby")
    return tuple(missing)
