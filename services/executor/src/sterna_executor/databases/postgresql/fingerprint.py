"""What a target is before anything is created, to be compared with what it is after a rollback."""

from collections.abc import Iterator, Mapping
from hashlib import sha256

import msgspec
from msgspec import Struct

from sterna_core.postgres.identifiers import qualified
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.ledger import Address
from sterna_executor.databases.postgresql.statements import statements

COUNTED_BYTES = 1024 * 1024 * 1024
"""How much is read to count rows, the smallest tables first; larger ones are not counted."""

DIFFERENCES = 100
"""How many differences are named."""


class Fingerprint(Struct, frozen=True, kw_only=True):
    """The target apart from `_sterna`: a digest for each object, and rows for each table counted.

    An object is `kind identity`, as `pg_identify_object` gives them.
    """

    objects: Mapping[str, str]
    rows: Mapping[str, int]

    @property
    def digest(self) -> str:
        """SHA-256 over the whole, in hexadecimal."""
        return sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    def differences(self, now: "Fingerprint") -> tuple[str, ...]:
        """Say what is otherwise now, in words; empty where nothing is."""
        found = list(_differences(self, now))
        if len(found) > DIFFERENCES:
            found[DIFFERENCES:] = [f"and {len(found) - DIFFERENCES} more"]
        return tuple(found)


async def take_fingerprint(
    target: Connection, tables: frozenset[str] | None = None
) -> tuple[Fingerprint, dict[Address, str]]:
    """Describe the target and count rows; also name all that is there, by address.

    `tables` names those to count (as `Fingerprint.rows` does); None counts as many as are small.
    Definitions are given with every name's schema: the caller has set the search path to nothing.
    """
    sql = statements("fingerprint.sql")
    found = await target.fetch(sql["objects"])
    objects = {f"{row['kind']} {row['identity']}": row["digest"].hex()[:32] for row in found}
    rows: dict[str, int] = {}
    budget = COUNTED_BYTES
    for table in await target.fetch(sql["tables"]):
        name = qualified(table["schema"], table["name"])
        if tables is None:
            budget -= table["bytes"]
            if budget < 0:
                break
        elif name not in tables:
            continue
        rows[name] = await target.fetchval(f"select count(*) from only {name}")
    names = {(row["classid"], row["objid"]): f"{row['kind']} {row['identity']}" for row in found}
    return Fingerprint(objects=objects, rows=rows), names


def _differences(before: Fingerprint, now: Fingerprint) -> Iterator[str]:
    for name in sorted(before.objects.keys() | now.objects.keys()):
        was, is_now = before.objects.get(name), now.objects.get(name)
        if is_now is None:
            yield f"{name} is gone"
        elif was is None:
            yield f"{name} is new"
        elif was != is_now:
            yield f"{name} was changed"
    for name, rows in sorted(before.rows.items()):
        if name in now.rows and now.rows[name] != rows:
            yield f"table {name} had {rows} rows and has {now.rows[name]}"
