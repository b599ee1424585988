"""The fence: a row on the target that says which epoch's work may write."""

from collections.abc import Awaitable, Callable, Coroutine

from sterna_core.errors import Fenced, Terminal, Transient
from sterna_executor.databases.postgresql.connection import Connection, application_name_for
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.statements import statements

GRACE_SECONDS = 10.0
"""How long work in flight may go on before it is ended."""

StillWanted = Callable[[], Coroutine[None, None, None]]
"""Asks whether a task is still wanted; raises Fenced where it is not."""

_ROUNDS = 20
_ROUND_SECONDS = 0.5


async def plant(connection: Connection, migration_id: str, epoch: int) -> bool:
    """Put up the fence where there is none; inside the caller's transaction. Tells whether it did."""
    with translated("target"):
        status: str = await connection.execute(_sql("plant"), migration_id, epoch)
    return status != "INSERT 0 0"


async def check(connection: Connection, migration_id: str, epoch: int) -> None:
    """Hold the fence at `epoch` until the caller's transaction ends; raises Fenced if it moved.

    Every transaction that writes to the target on behalf of a task begins with this. A fence that
    is not there has been removed with the bookkeeping: that work is over too.
    """
    try:
        with translated("target"):
            standing = await connection.fetchval(_sql("check"), migration_id)
    except Terminal as error:
        if error.code != "structure_changed":
            raise
        standing = None
    if standing != epoch:
        raise Fenced(
            "this work belongs to an epoch that is over; nothing was written",
            details={"epoch": epoch, "standing": standing},
        )


async def insist(
    connection: Connection,
    migration_id: str,
    work: Callable[[], Awaitable[None]],
    *,
    grace_seconds: float = GRACE_SECONDS,
) -> None:
    """Run `work` in a transaction that nobody of this migration can hold up for long.

    Transactions of the migration that are in the way may finish within `grace_seconds`, then
    their sessions are ended: an executor may have been stopped in the middle of one. Raises
    Transient where they do not end, and what `work` raises.
    """
    wait_seconds = grace_seconds
    for _ in range(_ROUNDS):
        try:
            with translated("target"):
                async with connection.transaction(isolation="read_committed"):
                    await connection.fetchval(_sql("wait_at_most"), f"{int(wait_seconds * 1000)}ms")
                    await work()
        except Transient as error:
            if error.code != "contention":
                raise
        else:
            return
        with translated("target"):
            await connection.fetchval(_sql("terminate"), application_name_for(migration_id))
        wait_seconds = _ROUND_SECONDS
    raise Transient(
        "sessions of this migration on the target do not end: end them, then try again",
        code="contention",
        details={"application_name": application_name_for(migration_id)},
    )


async def raise_to(connection: Connection, migration_id: str, epoch: int) -> None:
    """Move the fence to `epoch`, inside the caller's transaction.

    Nothing of an earlier epoch can be written after. May be repeated. Raises Fenced where the
    fence is beyond `epoch` or gone.
    """
    with translated("target"):
        standing = await connection.fetchval(_sql("lock"), migration_id)
        if standing is None or standing > epoch:
            raise Fenced(
                "the fence already stands at a later epoch",
                details={"epoch": epoch, "standing": standing},
            )
        await connection.execute(_sql("raise"), migration_id, epoch)


def _sql(name: str) -> str:
    return statements("fence.sql")[name]
