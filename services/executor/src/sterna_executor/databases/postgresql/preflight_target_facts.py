"""What is found out about the target."""

from collections.abc import Sequence

import asyncpg
from msgspec import Struct

from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.preflight_conflict import Name
from sterna_executor.databases.postgresql.preflight_extension import ExtensionThere
from sterna_executor.databases.postgresql.preflight_server import (
    QUERY_TIMEOUT_SECONDS,
    Server,
    read_server,
)
from sterna_executor.databases.postgresql.statements import statements


class TargetFacts(Struct, frozen=True, kw_only=True):
    """What was found out about the target, as far as the inventory asks for it.

    `schemas` says of each schema that is there whether objects may be created in it, `names` of
    which kind the object is that has a name, and `bookkeeping` whose `_sterna` is: its comment,
    and whether the role owns it.
    """

    server: Server
    schemas: dict[str, bool]
    names: dict[Name, str]
    extensions: dict[str, ExtensionThere]
    languages: frozenset[str]
    types: frozenset[tuple[str, str]]
    needed_objects: frozenset[tuple[str, str]]
    collations: frozenset[str]
    bookkeeping: tuple[str, bool] | None


async def read_target(target: Connection, inventory: Inventory) -> TargetFacts:
    """Read rights, settings and names; raises what `translated` makes of the driver's errors."""
    queries = statements("preflight.sql")
    server = await read_server(target, "target")
    extensions = [extension.name for extension in inventory.extensions]
    types = [(each.schema, each.name) for each in inventory.types.values()]
    needs = [(each.needs_schema, each.needs_name) for each in inventory.dependencies]
    schemas = sorted({inventory.target_schema(name) for name in inventory.schemas})

    async def rows(name: str, *arguments: Sequence[str]) -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = await target.fetch(
            queries[name], *arguments, timeout=QUERY_TIMEOUT_SECONDS
        )
        return found

    async def present(name: str, pairs: Sequence[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        found = await rows(name, [schema for schema, _ in pairs], [each for _, each in pairs])
        return frozenset((row["schema"], row["name"]) for row in found)

    with translated("target"):
        homes = {row["name"]: row["schema"] for row in await rows("extension_schemas", extensions)}
        return TargetFacts(
            server=server,
            schemas={
                row["name"]: row["may_create"] for row in await rows("schemas_there", schemas)
            },
            names={
                (row["space"], row["schema"], row["name"]): row["kind"]
                for row in await rows("names_there", schemas)
            },
            extensions={
                row["name"]: ExtensionThere(
                    installed=row["installed"],
                    offered=row["offered"],
                    for_everybody=row["for_everybody"],
                    schema=homes.get(row["name"]),
                )
                for row in await rows("extensions_there", extensions)
            },
            languages=frozenset(row["name"] for row in await rows("languages_there")),
            types=await present("types_there", types),
            needed_objects=await present("objects_there", needs),
            collations=frozenset(
                row["name"] for row in await rows("collations_there", inventory.collations)
            ),
            bookkeeping=next(
                ((row["mark"], row["ours"]) for row in await rows("bookkeeping_there")), None
            ),
        )
