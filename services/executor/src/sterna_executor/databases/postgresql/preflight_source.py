"""What has to be so on the source."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sterna_core.postgres.identifiers import qualified, quote
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.preflight_problem import Problem, quoted, shown
from sterna_executor.databases.postgresql.preflight_server import (
    QUERY_TIMEOUT_SECONDS,
    Server,
    read_server,
)
from sterna_executor.databases.postgresql.statements import statements

CONNECTIONS_NEEDED = 4
GRANTED_ONE_BY_ONE = 50


class SourceFacts(Struct, frozen=True, kw_only=True):
    """What was found out about the source beside its inventory."""

    server: Server
    unusable_schemas: tuple[str, ...]
    unreadable: tuple[tuple[str, str, str], ...]
    index_names: tuple[tuple[str, str], ...]


async def read_source(source: Connection, inventory: Inventory) -> SourceFacts:
    """Read rights and settings; raises what `translated` makes of the driver's errors."""
    queries = statements("preflight.sql")
    server = await read_server(source, "source")
    lockable = [table.oid for table in inventory.tables if table.kind != "foreign"]
    with translated("source"):
        unusable = await source.fetch(
            queries["unusable_schemas"], inventory.schemas, timeout=QUERY_TIMEOUT_SECONDS
        )
        unreadable = await source.fetch(
            queries["unreadable"],
            lockable,
            [sequence.schema for sequence in inventory.sequences],
            [sequence.name for sequence in inventory.sequences],
            timeout=QUERY_TIMEOUT_SECONDS,
        )
        index_names = await source.fetch(
            queries["index_names"], lockable, timeout=QUERY_TIMEOUT_SECONDS
        )
    return SourceFacts(
        server=server,
        unusable_schemas=tuple(row["name"] for row in unusable),
        unreadable=tuple((row["kind"], row["schema"], row["name"]) for row in unreadable),
        index_names=tuple((row["schema"], row["name"]) for row in index_names),
    )


def source_problems(inventory: Inventory, facts: SourceFacts) -> Iterator[Problem]:
    """Tell what stands in the way on the source."""
    yield from _rights(inventory, facts)
    yield from _row_security(inventory, facts.server)
    yield from _broken_families(inventory)
    yield from _standby(inventory, facts.server)
    yield from connection_problems(facts.server, "source")


def connection_problems(server: Server, side: str) -> Iterator[Problem]:
    """Tell whether too few connections are left."""
    if server.free_connections < CONNECTIONS_NEEDED:
        yield Problem(
            "setting",
            f"the {side} server lets {server.role} open {max(server.free_connections, 0)} more"
            f" connections and at least {CONNECTIONS_NEEDED} are needed: end idle sessions, or"
            f" raise max_connections ({server.max_connections}) or the connection limit of the"
            " role or of the database",
        )


def _rights(inventory: Inventory, facts: SourceFacts) -> Iterator[Problem]:
    role = facts.server.role
    if facts.unusable_schemas:
        yield Problem(
            "right",
            f"on the source {role} lacks USAGE on schema {shown(facts.unusable_schemas)}:"
            f" GRANT USAGE ON SCHEMA {quoted(facts.unusable_schemas)} TO {quote(role)}",
        )
    totals = {
        "table": [table.schema for table in inventory.tables if table.kind != "foreign"],
        "sequence": [sequence.schema for sequence in inventory.sequences],
    }
    for kind, schemas in totals.items():
        for schema in dict.fromkeys(schemas):
            names = [
                name for what, where, name in facts.unreadable if (what, where) == (kind, schema)
            ]
            if names:
                everything = len(names) == schemas.count(schema) and len(names) > 1
                yield _unreadable(kind, schema, names, role, everything=everything)


def _unreadable(
    kind: str, schema: str, names: Sequence[str], role: str, *, everything: bool
) -> Problem:
    keyword = "SEQUENCE" if kind == "sequence" else "TABLE"
    if everything or len(names) > GRANTED_ONE_BY_ONE:
        grant = f"GRANT SELECT ON ALL {keyword}S IN SCHEMA {quote(schema)} TO {quote(role)}"
    else:
        listed = ", ".join(qualified(schema, name) for name in names)
        grant = f"GRANT SELECT ON {keyword} {listed} TO {quote(role)}"
    what = shown([f"{schema}.{name}" for name in names])
    return Problem("right", f"on the source {role} lacks SELECT on {kind} {what}: {grant}")


def _row_security(inventory: Inventory, server: Server) -> Iterator[Problem]:
    filtered = [table.id for table in inventory.with_rows if table.row_security_active]
    if filtered:
        yield Problem(
            "right",
            f"row level security would hide rows of {shown(filtered)} from {server.role} on the"
            f" source: ALTER ROLE {quote(server.role)} BYPASSRLS, or enter as the tables' owner",
        )


def _broken_families(inventory: Inventory) -> Iterator[Problem]:
    for split in inventory.split:
        missing = split.schema if split.parent_schema in inventory.schemas else split.parent_schema
        yield Problem(
            "setting",
            f"{split.schema}.{split.name} is a part of {split.parent_schema}.{split.parent_name},"
            f" and schema {missing} is not selected: select it too, or exclude one of the tables",
        )
    excluded = set(inventory.excluded_names)
    for table in inventory.tables:
        for parent in table.inherits:
            if parent in excluded:
                yield Problem(
                    "setting",
                    f"{table.id} inherits from {'.'.join(parent)}, which exclude_tables leaves"
                    " out: exclude both or none",
                )


def _standby(inventory: Inventory, server: Server) -> Iterator[Problem]:
    unlogged = [table.id for table in inventory.with_rows if table.persistence == "unlogged"]
    if server.in_recovery and unlogged:
        yield Problem(
            "setting",
            f"the source is a standby, where unlogged tables cannot be read ({shown(unlogged)}):"
            " enter the primary, or exclude them",
        )
