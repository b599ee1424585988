import asyncio
import time

import asyncpg
from msgspec import Struct

from sterna_core.errors import Transient
from sterna_core.migration.plan import Mode, Selection
from sterna_core.postgres.identifiers import qualified
from sterna_executor.databases.postgresql import fence, receipts
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.receive_rows import (
    read_found,
    set_sequences_past_rows,
)
from sterna_executor.databases.postgresql.restore import creation_error, settle
from sterna_executor.databases.postgresql.scratch import drop_scratch
from sterna_executor.databases.postgresql.sequences import read_sequences, set_sequences
from sterna_executor.databases.postgresql.statements import statements

FINISH_SECONDS = 24 * 3600.0
ANALYSED_AT_ONCE = 100
_ANALYSES_ONLY_SINCE = 18


class CutoverFinished(Struct, frozen=True, kw_only=True):
    """What was done; `receipts` counts chunks."""

    sequences: int
    materialized_views: int
    receipts: int
    seconds: float


async def finish_cutover(
    source: Connection,
    target: Connection,
    *,
    migration_id: str,
    task_id: str,
    epoch: int,
    selection: Selection,
    mode: Mode = "full",
    deadline_seconds: float = FINISH_SECONDS,
) -> CutoverFinished:
    """Set sequences, fill materialised views, gather statistics.

    Where only the structure is moved there is nothing to do: sequences begin at their start. Where
    only rows are, sequences are moved past them.
    Both connections are in no transaction. May be repeated: sequences are set once, so that a late
    repeat does not set them back while the target is in use. Raises Fenced, MissingRight,
    Transient, and what `creation_error` gives for a view that cannot be filled.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(deadline_seconds):
            sequences, views, chunks = await _finish(
                source, target, migration_id, task_id, epoch, selection, mode
            )
    except TimeoutError:
        raise Transient(
            f"the cutover did not finish within {deadline_seconds:g} seconds", code="cutover_slow"
        ) from None
    return CutoverFinished(
        sequences=sequences,
        materialized_views=views,
        receipts=chunks,
        seconds=time.monotonic() - began,
    )


async def _finish(
    source: Connection,
    target: Connection,
    migration_id: str,
    task_id: str,
    epoch: int,
    selection: Selection,
    mode: Mode,
) -> tuple[int, int, int]:
    if mode == "schema_only":
        with translated("target"):
            await drop_scratch(target, migration_id)
        return 0, 0, 0
    if mode == "data_only":
        return await _finish_rows(target, migration_id, task_id, epoch)
    inventory = await read_inventory(source, selection)
    states = await read_sequences(source, inventory)
    with translated("target"):
        async with target.transaction(isolation="read_committed"):
            await fence.check(target, migration_id, epoch)
            asked = Claim(migration_id=migration_id, task_id=task_id, kind="set_sequences")
            if await receipts.claim(target, asked):
                await receipts.settle(
                    target, asked, Figures(rows=await set_sequences(target, states))
                )
            done = await receipts.find(target, asked)
            chunks: int = await target.fetchval(_sql("receipts"), migration_id)
        views = await _refresh(target, migration_id, epoch, inventory)
        await _analyse_partitioned(target, migration_id, epoch)
        await drop_scratch(target, migration_id)
    return done.figures.rows if done else 0, views, chunks


async def _finish_rows(
    target: Connection, migration_id: str, task_id: str, epoch: int
) -> tuple[int, int, int]:
    """Move sequences past the rows: another numbering may be behind what was moved."""
    with translated("target"):
        async with target.transaction(isolation="read_committed"):
            await fence.check(target, migration_id, epoch)
            asked = Claim(migration_id=migration_id, task_id=task_id, kind="set_sequences")
            found = await read_found(target, migration_id)
            if found is not None and await receipts.claim(target, asked):
                moved = await set_sequences_past_rows(target, found)
                await receipts.settle(target, asked, Figures(rows=moved))
            done = await receipts.find(target, asked)
            chunks: int = await target.fetchval(_sql("receipts"), migration_id)
    return done.figures.rows if done else 0, 0, chunks


async def _refresh(target: Connection, migration_id: str, epoch: int, inventory: Inventory) -> int:
    """Fill the materialised views that hold rows on the source."""
    filled = {
        (inventory.target_schema(view.schema), view.name)
        for view in inventory.views
        if view.materialized and view.populated
    }
    count = 0
    for row in await target.fetch(_sql("materialized_views"), migration_id):
        name = (row["schema"], row["name"])
        if name not in filled:
            continue
        async with target.transaction(isolation="read_committed"):
            await fence.check(target, migration_id, epoch)
            await settle(target)
            try:
                await target.execute(f"refresh materialized view {qualified(*name)}")
            except asyncpg.PostgresError as error:
                raise creation_error(
                    error, f"the contents of materialized view {'.'.join(name)}"
                ) from None
        count += 1
    return count


async def _analyse_partitioned(target: Connection, migration_id: str, epoch: int) -> None:
    """Gather the statistics of partitioned tables; those with rows have had theirs."""
    only = "only " if target.get_server_version().major >= _ANALYSES_ONLY_SINCE else ""
    rows = await target.fetch(_sql("partitioned_tables"), migration_id, bool(only))
    names = [only + qualified(row["schema"], row["name"]) for row in rows]
    for start in range(0, len(names), ANALYSED_AT_ONCE):
        async with target.transaction(isolation="read_committed"):
            await fence.check(target, migration_id, epoch)
            await target.execute(f"analyze {', '.join(names[start : start + ANALYSED_AT_ONCE])}")


def _sql(name: str) -> str:
    return statements("finish_cutover.sql")[name]
