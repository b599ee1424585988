"""The schema `_sterna` on the target: fences, receipts, sums, the ledger and fingerprints.

Several migrations may use one target database at once; each sees only its own rows.
"""

from sterna_core.errors import TargetConflict
from sterna_executor.databases.postgresql import fence
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.statements import statements

SCHEMA = "_sterna"
_MARK = "Sterna bookkeeping, layout 1"
_CREATE = (
    "create_fence",
    "create_receipts",
    "create_receipts_chunk",
    "create_bucket_sums",
    "keep_bucket_sums_plain",
    "create_passes",
    "create_set_aside",
    "create_objects",
    "create_created",
    "create_parts",
    "create_fingerprints",
)
_FORGET = (
    "forget_receipts",
    "forget_bucket_sums",
    "forget_passes",
    "forget_set_aside",
    "forget_objects",
    "forget_created",
    "forget_parts",
    "forget_fingerprints",
    "forget_fence",
)


async def create(connection: Connection, migration_id: str, epoch: int) -> None:
    """Make sure that the bookkeeping exists and that the migration's fence stands at `epoch`.

    May be repeated, and run by several at once. Raises Fenced where the fence stands at another
    epoch, and TargetConflict where the target has a schema of that name that is not ours.
    """
    with translated("target"):
        async with connection.transaction(isolation="read_committed"):
            await _create_schema(connection)
            await fence.plant(connection, migration_id, epoch)
            await fence.check(connection, migration_id, epoch)


async def raise_fence(
    connection: Connection,
    migration_id: str,
    epoch: int,
    still_wanted: fence.StillWanted,
    *,
    grace_seconds: float = fence.GRACE_SECONDS,
) -> None:
    """Move the migration's fence to `epoch`, putting it up first where there is none.

    It is put up so that work of an earlier epoch that has not begun yet finds it, if that is
    `still_wanted`: a target that was rolled back has no fence to tell, and a late one would shut it
    to what comes next. Raises as `fence.insist` and `fence.raise_to` do, and what `still_wanted`
    raises.
    """

    async def stand() -> None:
        await _create_schema(connection)
        if await fence.plant(connection, migration_id, epoch):
            # Not before it stands: whatever follows the answer meets it.
            await still_wanted()
        await fence.raise_to(connection, migration_id, epoch)

    await fence.insist(connection, migration_id, stand, grace_seconds=grace_seconds)


async def exists(connection: Connection) -> bool:
    """Tell whether the target has bookkeeping of ours."""
    with translated("target"):
        return bool(await connection.fetchval(_sql("schema_mark")) == _MARK)


async def remove(connection: Connection, migration_id: str) -> None:
    """Remove the migration's rows, and the schema where nobody else uses it. May be repeated.

    Raises Terminal where the schema cannot be dropped since it holds something else.
    """
    with translated("target"):
        async with connection.transaction(isolation="read_committed"):
            await connection.execute(_sql("lock"))
            if await connection.fetchval(_sql("schema_mark")) != _MARK:
                return
            await _complete(connection)
            for name in _FORGET:
                await connection.execute(_sql(name), migration_id)
            if not await connection.fetchval(_sql("is_used")):
                await connection.execute(_sql("drop_tables"))
                await connection.execute(_sql("drop_schema"))


async def _create_schema(connection: Connection) -> None:
    # Not without the lock: the last to leave may be removing what is there.
    await connection.execute(_sql("lock"))
    mark = await connection.fetchval(_sql("schema_mark"))
    if mark is None:
        await connection.execute(_sql("create_schema"))
        await connection.execute(_sql("mark_schema"))
        for name in _CREATE:
            await connection.execute(_sql(name))
    elif mark == _MARK:
        await _complete(connection)
    else:
        raise TargetConflict(
            f"the target has a schema {SCHEMA} that Sterna did not make: rename or drop it",
            details={"schema": SCHEMA},
        )


async def _complete(connection: Connection) -> None:
    """Add what a version before this one may have made the schema without."""
    for name in ("create_set_aside", "extend_set_aside", "create_parts"):
        await connection.execute(_sql(name))


def _sql(name: str) -> str:
    return statements("bookkeeping.sql")[name]
