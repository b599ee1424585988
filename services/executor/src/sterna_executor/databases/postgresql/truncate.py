"""Emptying what a migration made on the target, and leaving it there."""

import asyncio

import asyncpg

from sterna_core.errors import Terminal, Transient
from sterna_core.postgres.identifiers import qualified
from sterna_executor.databases.postgresql import bookkeeping, fence, ledger
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.receive_rows import undo_rows
from sterna_executor.databases.postgresql.restore import settle
from sterna_executor.databases.postgresql.rollback import (
    NAMED,
    ROLLBACK_SECONDS,
    RolledBack,
    is_forgotten,
    refuse_lost_ledger,
)
from sterna_executor.databases.postgresql.scratch import drop_scratch
from sterna_executor.databases.postgresql.statements import statements


async def empty_tables(
    target: Connection,
    *,
    migration_id: str,
    epoch: int,
    verify: bool,
    ledger_required: bool,
    deadline_seconds: float = ROLLBACK_SECONDS,
) -> RolledBack:
    """Empty every table and materialised view of the ledger, then remove the bookkeeping.

    In one transaction; `target` is in none. With `verify` each table is looked into before the
    commit. May be repeated. Raises Terminal with the code `rollback_failed` where a table of
    somebody else refers to one of them, or the ledger is gone; Fenced, and Transient.
    """
    try:
        async with asyncio.timeout(deadline_seconds):
            await drop_scratch(target, migration_id)
            if not await bookkeeping.exists(target):
                return RolledBack(removed={}, differences=())
            with translated("target"):
                async with target.transaction(isolation="read_committed"):
                    if await is_forgotten(target, migration_id):
                        return RolledBack(removed={}, differences=())
                    await fence.check(target, migration_id, epoch)
                    await settle(target)
                    if ledger_required:
                        await refuse_lost_ledger(target, migration_id)
                    removed, differences = await _empty(target, migration_id, verify=verify)
                    if rows := await undo_rows(target, migration_id):
                        removed["row"] = rows
                    if not differences:
                        await bookkeeping.remove(target, migration_id)
    except TimeoutError:
        raise Transient(
            f"the tables were not emptied within {deadline_seconds:g} seconds",
            code="rollback_slow",
        ) from None
    return RolledBack(removed=removed, differences=differences)


async def _empty(
    target: Connection, migration_id: str, *, verify: bool
) -> tuple[dict[str, int], tuple[str, ...]]:
    made = [each for each in await ledger.read_created(target, migration_id) if each.present]
    oids = [each.address[1] for each in made if each.kind == "table"]
    sql = statements("truncate.sql")
    attached = await target.fetch(sql["attached"], oids)
    if attached:
        names = [row["name"] for row in attached[:NAMED]]
        raise Terminal(
            "the target was not emptied: somebody attached partitions to tables that Sterna made: "
            f"{', '.join(names)}. Detach them, then try again",
            code="rollback_failed",
            details={"objects": names, "count": len(attached)},
        )
    named = [
        (row["partitioned"], qualified(row["schema"], row["name"]))
        for row in await target.fetch(sql["tables"], oids)
    ]
    tables = [name for partitioned, name in named if not partitioned]
    views = [each.present for each in made if each.kind == "materialized view" and each.present]
    if named:
        whole = ", ".join(name if partitioned else f"only {name}" for partitioned, name in named)
        try:
            await target.execute(f"truncate table {whole} restart identity")
        except asyncpg.FeatureNotSupportedError:
            raise Terminal(
                "the target was not emptied: a table that Sterna did not make refers to one that "
                "it made. Drop its foreign key, then try again",
                code="rollback_failed",
            ) from None
    for view in views:
        await target.execute(f"refresh materialized view {view} with no data")
    differences = [
        f"table {name} still has rows"
        for name in (tables if verify else ())
        if await target.fetchval(f"select exists (select from only {name})")
    ]
    counts = {"materialized view": len(views), "table": len(tables)}
    return {f"{kind} emptied": count for kind, count in counts.items() if count}, tuple(differences)
