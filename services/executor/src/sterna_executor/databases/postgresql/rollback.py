"""Undoing a migration on the target: what the ledger says was made goes, and nothing else."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from sterna_core.errors import Terminal, Transient
from sterna_core.postgres.identifiers import qualified
from sterna_executor.databases.postgresql import bookkeeping, fence, ledger
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.create_schema import FINGERPRINT
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.fingerprint import Fingerprint, take_fingerprint
from sterna_executor.databases.postgresql.ledger import Created
from sterna_executor.databases.postgresql.restore import settle
from sterna_executor.databases.postgresql.scratch import drop_scratch
from sterna_executor.databases.postgresql.statements import statements

ROLLBACK_SECONDS = 3600.0
NAMED = 20
_DROPPED_AT_ONCE = 200

# From what acts to what is acted on, and from users of types to types; anything else in between.
_FIRST = ("event trigger", "table", "foreign table", "view", "materialized view", "sequence")
_LAST = ("function", "type", "server", "foreign-data wrapper", "language", "extension", "schema")


class RolledBack(Struct, frozen=True, kw_only=True):
    """How many objects of each kind were removed, and what is otherwise than at the start."""

    removed: Mapping[str, int]
    differences: tuple[str, ...]


async def roll_back(
    target: Connection,
    *,
    migration_id: str,
    epoch: int,
    deadline_seconds: float = ROLLBACK_SECONDS,
) -> RolledBack:
    """Remove what the migration made, its bookkeeping with it, and compare with the start.

    All in one transaction. `target` is in none. May be repeated: where nothing is left of the
    migration, nothing is removed. Raises Terminal with the code `rollback_failed`, naming what
    somebody else made of what would have to go; nothing was removed then. Raises Fenced, and
    Transient where somebody holds a table for too long.
    """
    try:
        async with asyncio.timeout(deadline_seconds):
            await drop_scratch(target, migration_id)
            if not await bookkeeping.exists(target):
                return RolledBack(removed={}, differences=())
            with translated("target"):
                async with target.transaction(isolation="read_committed"):
                    return await _undo(target, migration_id, epoch)
    except TimeoutError:
        raise Transient(
            f"the rollback did not finish within {deadline_seconds:g} seconds",
            code="rollback_slow",
        ) from None


async def _undo(target: Connection, migration_id: str, epoch: int) -> RolledBack:
    if await target.fetchval(_sql("forgotten"), migration_id):
        return RolledBack(removed={}, differences=())
    await fence.check(target, migration_id, epoch)
    await settle(target)
    await _lock(target, migration_id)
    strangers = [row["name"] for row in await target.fetch(_sql("strangers"), migration_id)]
    if strangers:
        raise _refusal(strangers)
    made = await ledger.read_created(target, migration_id)
    _, present = await take_fingerprint(target, frozenset())
    removed = await _drop(target, made)
    body = await ledger.read_part(target, migration_id, FINGERPRINT)
    before = msgspec.json.decode(body, type=Fingerprint) if body else None
    counted = frozenset(before.rows) if before else frozenset()
    now, left = await take_fingerprint(target, counted)
    astray = present.keys() - left.keys() - {entry.address for entry in made}
    if astray:  # hung on what was made between the look and the drop
        raise _refusal(sorted(present[address] for address in astray))
    await bookkeeping.remove(target, migration_id)
    return RolledBack(
        removed=dict(sorted(Counter(entry.kind for entry in removed).items())),
        differences=before.differences(now) if before else (),
    )


async def _lock(target: Connection, migration_id: str) -> None:
    """Keep others from hanging something on the tables between the look and the drop."""
    rows = await target.fetch(_sql("locked"), migration_id)
    names = [qualified(row["schema"], row["name"]) for row in rows]
    for start in range(0, len(names), _DROPPED_AT_ONCE):
        batch = ", only ".join(names[start : start + _DROPPED_AT_ONCE])
        await target.execute(f"lock table only {batch} in access exclusive mode")


async def _drop(target: Connection, made: Iterable[Created]) -> list[Created]:
    """Drop what is still there, the newest first within its kind; gives what was dropped."""
    there = [entry for entry in made if entry.present is not None]
    there.sort(key=lambda entry: _order(entry.kind))
    tables = [entry.present for entry in there if entry.kind == "table"]
    events = [entry for entry in there if entry.kind == "event trigger"]
    for entry in events:
        await target.execute(_drop_statement(entry.kind, entry.present or ""))
    for start in range(0, len(tables), _DROPPED_AT_ONCE):
        names = [name for name in tables[start : start + _DROPPED_AT_ONCE] if name]
        # Whatever goes along is of the ledger: it was looked at, and is looked at again after.
        await target.execute(f"drop table if exists {', '.join(names)} cascade")
    kept = 0
    for entry in there:
        if entry.kind in {"table", "event trigger"}:
            continue
        if entry.kind == "schema" and await target.fetchval(
            _sql("schema_contents"), entry.address[1]
        ):
            kept += 1
            continue
        name = await target.fetchval(_sql("present"), *entry.address)
        if name is not None:
            await target.execute(_drop_statement(entry.kind, name))
    return [
        entry for entry in there if await target.fetchval(_sql("present"), *entry.address) is None
    ]


def _order(kind: str) -> int:
    if kind in _FIRST:
        return _FIRST.index(kind)
    if kind in _LAST:
        return len(_FIRST) + 1 + _LAST.index(kind)
    return len(_FIRST)


def _drop_statement(kind: str, identity: str) -> str:
    """Give the statement that drops what `pg_identify_object` calls `identity`."""
    if kind == "transform":
        identity = identity.replace(" on language ", " language ", 1)
    if kind in {"schema", "extension"}:
        return f"drop {kind} {identity} restrict"
    return f"drop {kind.replace('-', ' ')} {identity} cascade"


def _refusal(names: list[str]) -> Terminal:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return Terminal(
        "the target was not rolled back, and nothing was removed: objects that Sterna did not make "
        f"depend on what it made: {', '.join(names[:NAMED])}{more}. Drop them, then try again",
        code="rollback_failed",
        details={"objects": names[:NAMED], "count": len(names)},
    )


def _sql(name: str) -> str:
    return statements("rollback.sql")[name]
