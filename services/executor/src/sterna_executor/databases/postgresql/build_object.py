import asyncio
import time

import asyncpg
from msgspec import Struct

from sterna_core.errors import NotFound, Transient
from sterna_executor.databases.postgresql import fence, ledger, parts
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.restore import creation_error, settle
from sterna_executor.databases.postgresql.statements import statements

MAINTENANCE_BYTES = 512 * 1024 * 1024
"""What a session may sort in while it makes an index, where the server's setting is lower."""

BUILD_SECONDS = 7 * 24 * 3600.0

_STAND_ALONE = frozenset({"event trigger", "materialized view", "function", "procedure"})
"""What may come after the rows and is not part of a table; it goes into the ledger by itself."""


class ObjectBuilt(Struct, frozen=True, kw_only=True):
    """The object exists; `repeated` where it did already."""

    seconds: float
    repeated: bool


async def build_object(
    target: Connection,
    *,
    migration_id: str,
    epoch: int,
    object_id: str,
    maintenance_bytes: int = MAINTENANCE_BYTES,
    parallel_workers: int | None = None,
    deadline_seconds: float = BUILD_SECONDS,
) -> ObjectBuilt:
    """Create one object that comes after the rows; what is done of it already is not repeated.

    `target` is in no transaction. `parallel_workers` None leaves the server's own setting. Raises
    Fenced, DataRejected where rows break a constraint, Transient where somebody is in the way for
    too long, and what else `creation_error` gives.
    """
    began = time.monotonic()
    repeated = True
    left = 1
    try:
        async with asyncio.timeout(deadline_seconds):
            while left > 0:
                was_done, left = await _next_step(
                    target, migration_id, epoch, object_id, maintenance_bytes, parallel_workers
                )
                repeated = repeated and was_done
    except TimeoutError:
        raise Transient(
            f"an object was not created within {deadline_seconds:g} seconds", code="build_slow"
        ) from None
    return ObjectBuilt(seconds=time.monotonic() - began, repeated=repeated)


async def _next_step(
    target: Connection,
    migration_id: str,
    epoch: int,
    object_id: str,
    maintenance_bytes: int,
    parallel_workers: int | None,
) -> tuple[bool, int]:
    """Do one step, with its entry in the ledger: whether all were done before, and those left."""
    sql = statements("build_object.sql")
    with translated("target"):
        async with target.transaction(isolation="read_committed"):
            await fence.check(target, migration_id, epoch)
            await target.execute(sql["alone"], migration_id, object_id)
            item = await ledger.read_object(target, migration_id, object_id)
            if item is None:
                raise NotFound("the target's ledger has no such object", code="object_unknown")
            if item.done == len(item.steps):
                return True, 0
            await settle(target)
            await target.fetchval(sql["resources"], maintenance_bytes // 1024, parallel_workers)
            try:
                await target.execute(item.steps[item.done])
            except asyncpg.PostgresError as error:
                raise creation_error(error, f"{item.kind.lower()} {item.name}") from None
            await parts.keep(target, migration_id, object_id)
            if item.may_stand_alone:
                await _keep_in_ledger(target, migration_id)
            await ledger.step_done(target, migration_id, object_id, item.done + 1)
    return False, len(item.steps) - item.done - 1


async def _keep_in_ledger(target: Connection, migration_id: str) -> None:
    known = await ledger.read_created(target, migration_id)
    made = await ledger.made_now(target, frozenset(entry.address for entry in known))
    await ledger.add_created(
        target, migration_id, [entry for entry in made if entry.kind in _STAND_ALONE]
    )
