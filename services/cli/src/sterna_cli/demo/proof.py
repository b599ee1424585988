"""Compares two databases by SQL of its own: nothing here is shared with the executors."""

from hashlib import sha256

import asyncpg
from msgspec import Struct

from sterna_core.postgres.queries import load_queries

_SQL = "proof.sql"
_CONNECT_SECONDS = 30.0
_STATEMENT_SECONDS = 300.0
# The text of a row must not depend on who asks.
_SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "search_path": "pg_catalog",
}


class TableContent(Struct, frozen=True):
    """What a table holds: its rows, and a digest that does not depend on their order."""

    rows: int
    digest: str


class Inventory(Struct, frozen=True):
    """All that is compared of one database."""

    tables: dict[str, TableContent]
    objects: dict[str, int]
    doubtful: tuple[str, ...]
    sequences: dict[str, int | None]


async def take_inventory(url: str) -> Inventory:
    """Read a whole database."""
    queries = load_queries("sterna_cli.demo", _SQL)
    connection = await asyncpg.connect(
        url,
        timeout=_CONNECT_SECONDS,
        command_timeout=_STATEMENT_SECONDS,
        server_settings=_SESSION,
    )
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            names = [row["name"] for row in await connection.fetch(queries["tables"])]
            contents = {
                name: _content(
                    await connection.fetchrow(
                        # The name comes quoted from the catalog.
                        queries["table_content"].replace("{table}", name)
                    )
                )
                for name in names
            }
            objects = await connection.fetch(queries["object_counts"])
            doubtful = await connection.fetch(queries["doubtful"])
            sequences = await connection.fetch(queries["sequences"])
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
    return Inventory(
        tables=contents,
        objects={row["kind"]: row["objects"] for row in objects},
        doubtful=tuple(row["what"] for row in doubtful),
        sequences={row["name"]: row["last_value"] for row in sequences},
    )


def _content(row: asyncpg.Record) -> TableContent:
    text = f"{row['rows']}:{row['first_sum']}:{row['second_sum']}"
    return TableContent(row["rows"], sha256(text.encode()).hexdigest())


def differences(source: Inventory, target: Inventory) -> list[str]:
    """Name everything in which two databases differ."""
    found = [
        f"table {name}"
        for name in sorted(source.tables.keys() | target.tables.keys())
        if source.tables.get(name) != target.tables.get(name)
    ]
    found += [
        f"number of {kind}"
        for kind in sorted(source.objects.keys() | target.objects.keys())
        if source.objects.get(kind, 0) != target.objects.get(kind, 0)
    ]
    found += [
        f"sequence {name}"
        for name in sorted(source.sequences.keys() | target.sequences.keys())
        if source.sequences.get(name) != target.sequences.get(name)
    ]
    return [*found, *target.doubtful]
