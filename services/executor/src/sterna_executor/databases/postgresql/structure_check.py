"""Whether the target's catalog is what was planned: part by part, by name and by definition."""

import asyncio
import re
import time

from msgspec import Struct

from sterna_core.errors import Transient
from sterna_core.migration.plan import Selection
from sterna_executor.databases.postgresql.connection import Connection, server_major
from sterna_executor.databases.postgresql.drift import refuse_drift
from sterna_executor.databases.postgresql.errors import Role, translated
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.inventory_table import table_id
from sterna_executor.databases.postgresql.ledger import Address
from sterna_executor.databases.postgresql.left_out import read_left_out
from sterna_executor.databases.postgresql.restore import settle
from sterna_executor.databases.postgresql.statements import statements

CHECK_SECONDS = 600.0
DIFFERENCES_NAMED = 100
_NAMELESS = "table"
_BEFORE_CUTOVER = frozenset({"table", "column", "index", "constraint", "type", "sequence"})
_ROW_SECURITY = re.compile(r"(?:true|false){2}\Z")


class Checked(Struct, frozen=True, kw_only=True):
    """How many things were looked at, and in words what is not as it should be.

    `count` says how many differences there are; not all of them are named.
    """

    checked: int
    differences: tuple[str, ...]
    count: int
    seconds: float


class Part(Struct, frozen=True):
    """A part of a catalog: its kind, schema, table (or other object), and name within that."""

    kind: str
    schema: str
    table: str
    name: str

    def __str__(self) -> str:
        whole = table_id(self.schema, self.table)
        return f"{self.kind} {whole}.{self.name}" if self.name else f"{self.kind} {whole}"


class Description(Struct, frozen=True):
    """What a part is: `facts` are the same on every server, the definition only on like ones."""

    facts: str
    definition: str


async def check_structure(
    source: Connection,
    target: Connection,
    selection: Selection,
    structure_digest: str | None,
    *,
    whole: bool = True,
    deadline_seconds: float = CHECK_SECONDS,
) -> Checked:
    """Compare what the target holds with what the plan said, which the source still is.

    Unless `whole`, without what comes after the rows are proven: foreign keys, triggers, rules,
    policies, views and routines. What the target has besides is not looked at. Definitions are compared where both servers are
    of one major version and no schema gets another name: else the servers write the same
    differently. Both connections are in no transaction. Raises Terminal with the code
    `structure_changed` where the source is not what was planned any more, and Transient.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(deadline_seconds):
            inventory = await read_inventory(source, selection)
            refuse_drift(inventory, structure_digest)
            with translated("source"):
                left_out = await read_left_out(source, inventory)
            wanted = await _wanted(source, inventory, left_out)
            schemas = sorted({inventory.target_schema(name) for name in inventory.schemas})
            there, _ = await _parts(target, "target", schemas, ())
    except TimeoutError:
        raise Transient(
            f"the target was not checked within {deadline_seconds:g} seconds", code="check_slow"
        ) from None
    if not whole:
        wanted, there = _before_cutover(wanted), _before_cutover(there)
    exact = server_major(source) == server_major(target) and not inventory.renames
    found = tuple(differences(wanted, there, exact=exact))
    return Checked(
        checked=len(wanted),
        differences=found[:DIFFERENCES_NAMED],
        count=len(found),
        seconds=round(time.monotonic() - began, 3),
    )


def differences(
    wanted: dict[Part, Description], there: dict[Part, Description], *, exact: bool
) -> list[str]:
    """Say what of `wanted` is missing or is otherwise; `exact` compares definitions too."""
    found = []
    absent = {
        (part.schema, part.table) for part in wanted if part.kind == _NAMELESS and part not in there
    }
    for part, description in wanted.items():
        met = there.get(part)
        if met is None:
            # Of a table that is not there, its columns need not be named.
            if part.kind == _NAMELESS or (part.schema, part.table) not in absent:
                found.append(f"{part} is missing")
        elif met.facts != description.facts:
            found.append(f"{part} is otherwise")
        elif exact and met.definition != description.definition:
            found.append(f"{part} is defined otherwise")
    return found


def _before_cutover(parts: dict[Part, Description]) -> dict[Part, Description]:
    """Leave out what is created at the cutover; whether row security is on is part of that."""
    return {
        part: Description(_ROW_SECURITY.sub("", description.facts), description.definition)
        if part.kind == _NAMELESS
        else description
        for part, description in parts.items()
        if part.kind in _BEFORE_CUTOVER
    }


async def _wanted(
    source: Connection, inventory: Inventory, left_out: frozenset[Address]
) -> dict[Part, Description]:
    excluded = tuple(table.oid for table in inventory.excluded)
    parts, addresses = await _parts(source, "source", inventory.schemas, excluded)
    return {
        Part(part.kind, inventory.target_schema(part.schema), part.table, part.name): description
        for part, description in parts.items()
        if addresses[part] not in left_out
    }


async def _parts(
    connection: Connection,
    role: Role,
    schemas: tuple[str, ...] | list[str],
    excluded: tuple[int, ...],
) -> tuple[dict[Part, Description], dict[Part, Address]]:
    parts: dict[Part, Description] = {}
    addresses: dict[Part, Address] = {}
    with translated(role):
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await settle(connection)
            rows = await connection.fetch(
                statements("structure_check.sql")["parts"], list(schemas), list(excluded)
            )
    for row in rows:
        part = Part(row["kind"], row["schema"], row["table_name"], row["name"])
        parts[part] = Description(row["facts"], row["definition"])
        addresses[part] = (row["classid"], row["objid"])
    return parts, addresses
