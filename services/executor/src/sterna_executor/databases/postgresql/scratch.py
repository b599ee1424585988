"""A database beside the target in which schemas get another name, or become one.

The server renames and moves, and every definition that names what it does follows by address: no
SQL is rewritten as text. Only what the server keeps as text (bodies of functions in quotes, settings of
functions) keeps the old name.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager

import asyncpg
import msgspec

from sterna_core.connection.endpoint import Endpoint
from sterna_core.errors import MissingRight, Terminal
from sterna_core.postgres.identifiers import literal, quote
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.archive import Entry
from sterna_executor.databases.postgresql.connection import (
    Connection,
    application_name_for,
    close,
    connect,
)
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.restore import restore, settle
from sterna_executor.databases.postgresql.statements import statements

_PREFIX = "_sterna_scratch_"
_SHELTER = "_sterna_extensions"
_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}
_NAME_BYTES = 63


def scratch_name(migration_id: str) -> str:
    """Name the scratch database of a migration; the name is the same for every executor."""
    return f"{_PREFIX}{migration_id}"[:_NAME_BYTES]


@asynccontextmanager
async def scratch_database(
    target: Connection, endpoint: Endpoint, password: Secret, migration_id: str
) -> AsyncGenerator[tuple[Connection, Endpoint]]:
    """Make a database like the target's own, lend a connection to it, and drop it in any case.

    `target` is in no transaction. What an executor that was killed left is dropped first. Raises
    MissingRight where the role may not create databases.
    """
    name = scratch_name(migration_id)
    await drop_scratch(target, migration_id)
    try:
        with translated("target"):
            await target.execute(await _create_statement(target, name))
    except MissingRight:
        raise MissingRight(
            "to give the schema another name, the role of the target needs CREATEDB: "
            "ALTER ROLE … CREATEDB, or keep the schema's name",
            details={"right": "CREATEDB"},
        ) from None
    place = msgspec.structs.replace(endpoint, database=name)
    try:
        scratch = await connect(
            place, password, role="target", application_name=application_name_for(migration_id)
        )
        try:
            yield scratch, place
        finally:
            await close(scratch)
    finally:
        await drop_scratch(target, migration_id)


async def drop_scratch(target: Connection, migration_id: str) -> None:
    """Drop the scratch database where there is one; `target` is in no transaction."""
    name = scratch_name(migration_id)
    with translated("target"):
        if await target.fetchval(_sql("database_exists"), name):
            await target.execute(f"drop database if exists {quote(name)} with (force)")


async def rename_schemas(
    scratch: Connection,
    entries: Iterable[Entry],
    olds: Sequence[str],
    new: str,
    schemas: Iterable[str],
) -> None:
    """Restore entries into the scratch database, then let the schemas `olds` be the schema `new`.

    `schemas` have to exist beforehand; those in which entries are that are not among `olds` stay.
    So do extensions. Raises Terminal with the code `extension_not_relocatable` where one cannot be
    kept apart from a schema, and `schemas_not_joined` where something cannot be moved.
    """
    with translated("target"):
        async with scratch.transaction(isolation="read_committed"):
            await settle(scratch)
            for schema in schemas:
                if not await scratch.fetchval(_sql("schema_exists"), schema):
                    await scratch.execute(f"create schema {quote(schema)}")
            # A new database has one with a comment, which would go with the name.
            await scratch.execute("comment on schema public is null")
            await restore(scratch, (entry for entry in entries if entry.kind != "SCHEMA"))
            moved = await _shelter(scratch, {*olds, new})
            await _rename(scratch, olds, new)
            await _take_home(scratch, moved)


async def _shelter(scratch: Connection, schemas: AbstractSet[str]) -> list[tuple[str, str]]:
    """Put extensions out of the way; gives their quoted names, and the schemas they are of."""
    moved = []
    for extension in await scratch.fetch(_sql("extensions")):
        if extension["schema"] not in schemas:
            continue
        if not extension["relocatable"]:
            raise Terminal(
                f"the extension {extension['name']} is in the schema {extension['schema']} and "
                "cannot be moved out of it: keep the schema's name",
                code="extension_not_relocatable",
                details={"extension": extension["name"]},
            )
        moved.append((quote(extension["name"]), extension["schema"]))
    if moved:
        await scratch.execute(f"create schema {_SHELTER}")
    for extension, _ in moved:
        await scratch.execute(f"alter extension {extension} set schema {_SHELTER}")
    return moved


async def _take_home(scratch: Connection, moved: Sequence[tuple[str, str]]) -> None:
    for extension, schema in moved:
        if not await scratch.fetchval(_sql("schema_exists"), schema):
            await scratch.execute(f"create schema {quote(schema)}")
        await scratch.execute(f"alter extension {extension} set schema {quote(schema)}")
    if moved:
        await scratch.execute(f"drop schema {_SHELTER}")


async def _rename(scratch: Connection, olds: Sequence[str], new: str) -> None:
    first, *others = olds
    there = await scratch.fetchval(_sql("schema_exists"), new)
    if there and await scratch.fetchval(_sql("members"), new):
        others = list(olds)  # it is selected too, and keeps its name
    else:
        if there:
            await scratch.execute(f"drop schema {quote(new)}")
        await scratch.execute(f"alter schema {quote(first)} rename to {quote(new)}")
    for old in others:
        for address in await scratch.fetch(_sql("movable"), old):
            kind, identity = await scratch.fetchrow(_sql("identity"), *address)
            await scratch.execute(f"alter {kind} {identity} set schema {quote(new)}")
        left = await scratch.fetchval(_sql("members"), old)
        if left:
            raise Terminal(
                f"the schemas {', '.join(olds)} cannot become one: {left} objects of {old} stay"
                " where they are. Migrate that schema on its own, or leave target.schema out",
                code="schemas_not_joined",
                details={"schema": old, "count": left},
            )
        await scratch.execute(f"drop schema {quote(old)}")


async def _create_statement(target: Connection, name: str) -> str:
    like: asyncpg.Record = await target.fetchrow(_sql("like_this"))
    options = [
        "template = template0",
        f"encoding = {literal(like['encoding'])}",
        f"lc_collate = {literal(like['collate'])}",
        f"lc_ctype = {literal(like['ctype'])}",
    ]
    if like["provider"] != "c":
        provider = _PROVIDERS[like["provider"]]
        options += [
            f"locale_provider = {provider}",
            f"{provider}_locale = {literal(like['locale'])}",
        ]
    return f"create database {quote(name)} with {' '.join(options)}"


def _sql(name: str) -> str:
    return statements("scratch.sql")[name]
