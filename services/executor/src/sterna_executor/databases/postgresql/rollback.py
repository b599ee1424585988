"""Undoing a migration on the target: what the ledger says was made goes, and nothing else."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

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
from sterna_executor.databases.postgresql.receive_rows import undo_rows
from sterna_executor.databases.postgresql.restore import settle
from sterna_executor.databases.postgresql.scratch import drop_scratch
from sterna_executor.databases.postgresql.statements import statements

ROLLBACK_SECONDS = 3600.0
NAMED = 20
TABLES_A_TRANSACTION = 256
"""More than these are dropped in several transactions: each takes locks on all that is part of it."""

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
    verify: bool = True,
    ledger_required: bool = False,
    deadline_seconds: float = ROLLBACK_SECONDS,
) -> RolledBack:
    """Remove what the migration made, its bookkeeping with it, and compare with the start.

    In one transaction, or, where there are more tables than the server has locks for, in several,
    each with its entries in the ledger. `target` is in no transaction. May be repeated, and goes
    on where it was interrupted. Raises Terminal with the code `rollback_failed`, naming what
    somebody else made of what would have to go, or that the ledger is gone. With `verify` False
    nothing is compared with the start. Raises Fenced, and Transient where somebody holds
    a table for too long.
    """
    undoing = _Undoing(target, migration_id, epoch, verify=verify)
    try:
        async with asyncio.timeout(deadline_seconds):
            await drop_scratch(target, migration_id)
            if not await bookkeeping.exists(target):
                return RolledBack(removed={}, differences=())
            with translated("target"):
                if ledger_required:
                    await refuse_lost_ledger(target, migration_id)
                while await undoing.too_many_tables():
                    async with target.transaction(isolation="read_committed"):
                        await undoing.remove_some_tables()
                async with target.transaction(isolation="read_committed"):
                    return await undoing.finish()
    except TimeoutError:
        raise Transient(
            f"the rollback did not finish within {deadline_seconds:g} seconds",
            code="rollback_slow",
        ) from None


class _Undoing:
    def __init__(self, target: Connection, migration_id: str, epoch: int, *, verify: bool) -> None:
        self._target = target
        self._migration_id = migration_id
        self._epoch = epoch
        self._verify = verify

    async def too_many_tables(self) -> bool:
        return len(_tables(await self._present())) > TABLES_A_TRANSACTION

    async def remove_some_tables(self) -> None:
        await self._begin()
        there = await self._present()
        tables = _tables(there)[:TABLES_A_TRANSACTION]
        await self._lock(tables)
        await self._refuse_strangers()
        await self._drop_tables(tables)
        left = {entry.address for entry in await self._present()}
        gone = [entry.address for entry in there if entry.address not in left]
        await ledger.set_removed(self._target, self._migration_id, gone)

    async def finish(self) -> RolledBack:
        target = self._target
        if await is_forgotten(target, self._migration_id):
            return RolledBack(removed={}, differences=())
        await self._begin()
        there = await self._present()
        await self._lock(_tables(there))
        await self._refuse_strangers()
        rows = await undo_rows(target, self._migration_id)
        _, names = await take_fingerprint(target, frozenset())
        await self._drop(there)
        body = await ledger.read_part(target, self._migration_id, FINGERPRINT)
        before = msgspec.json.decode(body, type=Fingerprint) if body else None
        counted = frozenset(before.rows) if before else frozenset()
        now, left = await take_fingerprint(target, counted)
        made = await ledger.read_created(target, self._migration_id)
        astray = names.keys() - left.keys() - {entry.address for entry in made}
        if astray:  # hung on what was made between the look and the drop
            raise _refusal(sorted(names[address] for address in astray))
        was_there = {entry.address for entry in there}
        removed = Counter(
            entry.kind
            for entry in made
            if entry.removed or (entry.address in was_there and entry.present is None)
        )
        if rows:
            removed["row"] = rows
        await bookkeeping.remove(target, self._migration_id)
        return RolledBack(
            removed=dict(sorted(removed.items())),
            differences=before.differences(now) if before and self._verify else (),
        )

    async def _begin(self) -> None:
        await fence.check(self._target, self._migration_id, self._epoch)
        await settle(self._target)

    async def _present(self) -> list[Created]:
        """Give what is there of the ledger, in the order in which it is to be dropped."""
        made = await ledger.read_created(self._target, self._migration_id)
        there = [entry for entry in made if entry.present is not None]
        return sorted(there, key=lambda entry: _order(entry.kind))

    async def _lock(self, tables: Sequence[Created]) -> None:
        """Keep others from hanging something on the tables between the look and the drop."""
        oids = [entry.address[1] for entry in tables]
        rows = await self._target.fetch(_sql("locked"), oids)
        names = ", only ".join(qualified(row["schema"], row["name"]) for row in rows)
        if names:
            await self._target.execute(f"lock table only {names} in access exclusive mode")

    async def _refuse_strangers(self) -> None:
        rows = await self._target.fetch(_sql("strangers"), self._migration_id)
        if rows:
            raise _refusal([row["name"] for row in rows])

    async def _drop_tables(self, tables: Sequence[Created]) -> None:
        names = ", ".join(entry.present for entry in tables if entry.present)
        if names:
            # Whatever goes along is of the ledger: it was looked at, and is looked at again after.
            await self._target.execute(f"drop table if exists {names} cascade")

    async def _drop(self, there: Sequence[Created]) -> None:
        for entry in there:
            if entry.kind == "event trigger":
                await self._target.execute(_drop_statement(entry.kind, entry.present or ""))
        await self._drop_tables(_tables(there))
        for entry in there:
            if entry.kind == "schema" and await self._target.fetchval(
                _sql("schema_contents"), entry.address[1]
            ):
                continue  # somebody else uses it: the comparison says so
            name = await self._target.fetchval(_sql("present"), *entry.address)
            if name is not None:
                await self._target.execute(_drop_statement(entry.kind, name))


async def is_forgotten(target: Connection, migration_id: str) -> bool:
    """Tell whether nothing is kept of a migration, since all of it was undone."""
    return bool(await target.fetchval(_sql("forgotten"), migration_id))


async def refuse_lost_ledger(target: Connection, migration_id: str) -> None:
    """Raise Terminal where the target holds no ledger of a migration that made something there."""
    if await is_forgotten(target, migration_id):
        return  # it was undone, with its fence: this is a repeat
    if await ledger.read_part(target, migration_id, FINGERPRINT) is None:
        raise Terminal(
            "the target was not rolled back: its schema _sterna does not hold the ledger of this "
            "migration any more, so nothing says what to remove",
            code="rollback_failed",
        )


def _tables(entries: Sequence[Created]) -> list[Created]:
    return [entry for entry in entries if entry.kind == "table"]


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
        "the target was not rolled back: objects that Sterna did not make depend on what it made: "
        f"{', '.join(names[:NAMED])}{more}. Drop them, then try again",
        code="rollback_failed",
        details={"objects": names[:NAMED], "count": len(names)},
    )


def _sql(name: str) -> str:
    return statements("rollback.sql")[name]
