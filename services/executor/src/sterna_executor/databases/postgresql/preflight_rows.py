"""What has to be so of tables that the target has already and that are to take rows."""

from collections.abc import Iterator, Sequence

import asyncpg
from msgspec import Struct

from sterna_core.postgres.identifiers import qualified, quote
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.inventory_table import Table
from sterna_executor.databases.postgresql.preflight_problem import Problem, shown
from sterna_executor.databases.postgresql.preflight_server import Server
from sterna_executor.databases.postgresql.quiet import Writing, choose_writing
from sterna_executor.databases.postgresql.references import Reference, read_references
from sterna_executor.databases.postgresql.statements import statements

LOOKED_AT_ONCE = 100
_GRANTABLE_SINCE = 15


class Receiving(Struct, frozen=True, kw_only=True):
    """How the tables are written, their foreign keys, and what stands in the way."""

    writing: Writing
    references: tuple[Reference, ...]
    problems: tuple[Problem, ...]


async def read_receiving(target: Connection, tables: Sequence[Table], server: Server) -> Receiving:
    """Look at the tables that are to take rows; raises what `translated` makes of errors."""
    sql = statements("receiving.sql")
    oids = [table.oid for table in tables]
    right = "may_be_quiet_since_15" if server.major >= _GRANTABLE_SINCE else "may_be_quiet"
    with translated("target"):
        rows = await target.fetch(sql["tables"], oids)
        may_be_quiet = bool(await target.fetchval(sql[right]))
    references = await read_references(target, oids)
    pointing = await read_references(target, oids, pointing_at=True)
    writing = choose_writing(
        {table.oid: table.id for table in tables},
        {row["oid"]: row["triggers"] for row in rows},
        tuple({(each.child, each.name): each for each in (*references, *pointing)}.values()),
        may_be_quiet=may_be_quiet,
        role=server.role,
    )
    readable = [row["oid"] for row in rows if row["may_enter"] and not row["lacking"]]
    filled = await filled_tables(target, [table for table in tables if table.oid in readable])
    return Receiving(
        writing=writing,
        references=references,
        problems=(*_problems(rows, server), *taken(filled), *writing.problems),
    )


async def filled_tables(target: Connection, tables: Sequence[Table]) -> list[str]:
    """Name the tables that hold rows."""
    return await filled(target, [table.name_pair for table in tables])


async def filled(target: Connection, names: Sequence[tuple[str, str]]) -> list[str]:
    """Name the tables, of some schemas and names, that hold rows."""
    found: list[str] = []
    for start in range(0, len(names), LOOKED_AT_ONCE):
        batch = names[start : start + LOOKED_AT_ONCE]
        statement = " union all ".join(
            f"select {place} as place where exists (select from only {qualified(*name)})"
            for place, name in enumerate(batch)
        )
        with translated("target"):
            rows = await target.fetch(statement)
        found += [".".join(batch[row["place"]]) for row in rows]
    return found


def taken(names: Sequence[str]) -> Iterator[Problem]:
    """Say that tables hold rows already."""
    if names:
        yield Problem(
            "conflict",
            f"{shown(names)} on the target {'holds' if len(names) == 1 else 'hold'} rows already:"
            " empty them (TRUNCATE), exclude the tables, or choose another target",
        )


def _problems(rows: Sequence[asyncpg.Record], server: Server) -> Iterator[Problem]:
    role = quote(server.role)
    for row in rows:
        name = f"{row['schema']}.{row['name']}"
        if not row["may_enter"]:
            yield Problem(
                "right",
                f"on the target {server.role} lacks USAGE on schema {row['schema']}:"
                f" GRANT USAGE ON SCHEMA {quote(row['schema'])} TO {role}",
            )
        if row["lacking"]:
            rights = ", ".join(row["lacking"])
            yield Problem(
                "right",
                f"on the target {server.role} lacks {rights} on table {name}:"
                f" GRANT {rights} ON TABLE {qualified(row['schema'], row['name'])} TO {role}",
            )
    hidden = [f"{row['schema']}.{row['name']}" for row in rows if row["row_security"]]
    if hidden:
        yield Problem(
            "right",
            f"row level security of {shown(hidden)} on the target would hide rows from"
            f" {server.role}: ALTER ROLE {role} BYPASSRLS, or enter as the tables' owner",
        )
    always = [f"{row['schema']}.{row['name']}" for row in rows if row["always"]]
    if always:
        yield Problem(
            "setting",
            f"triggers of {shown(always)} on the target act always, whatever the session says"
            " (ENABLE ALWAYS or REPLICA): ALTER TABLE … ENABLE TRIGGER for the time of the"
            " migration",
        )
