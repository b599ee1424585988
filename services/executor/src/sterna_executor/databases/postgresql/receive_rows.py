"""Making ready tables that the target has already, and undoing what was written into them."""

import asyncio
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from sterna_core.errors import TargetConflict, Terminal
from sterna_core.group_error import foremost
from sterna_core.migration.plan import Selection
from sterna_core.postgres.identifiers import qualified, quote
from sterna_core.tasks.table import ReceivingTable, TableSpec
from sterna_executor.databases.postgresql import bookkeeping, fence, ledger
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.create_schema import (
    CREATED,
    FINGERPRINT,
    SchemaCreated,
    alone,
    known_creation,
)
from sterna_executor.databases.postgresql.drift import refuse_drift
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.fingerprint import take_fingerprint
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.preflight_problem import shown
from sterna_executor.databases.postgresql.preflight_rows import filled, taken
from sterna_executor.databases.postgresql.quiet import hush_all, wake
from sterna_executor.databases.postgresql.references import addresses, orphans, read_references
from sterna_executor.databases.postgresql.restore import settle
from sterna_executor.databases.postgresql.statements import statements

RECEIVING = "receiving"


class SequenceFound(Struct, frozen=True, kw_only=True):
    """Where a sequence of a receiving table stood; `sequence` is its name, ready for SQL."""

    sequence: str
    last_value: int
    is_called: bool


class Found(Struct, frozen=True, kw_only=True):
    """The tables as they were found: empty, and with sequences that stood somewhere.

    The tables come after those that they refer to.
    """

    tables: tuple[ReceivingTable, ...]
    sequences: tuple[SequenceFound, ...]

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Schema and name of each table."""
        return tuple((table.schema, table.name) for table in self.tables)


async def receive_rows(
    source: Connection,
    target: Connection,
    *,
    migration_id: str,
    epoch: int,
    selection: Selection,
    structure_digest: str | None,
    receiving: Sequence[ReceivingTable],
    still_wanted: fence.StillWanted,
) -> SchemaCreated:
    """Make the bookkeeping and remember what the target is; its own objects are not touched.

    Both connections are in no transaction. May be repeated. Raises as `create_schema` does;
    TargetConflict where a table holds rows.
    """
    async with alone(target, migration_id):
        known = await known_creation(target, migration_id, epoch)
        if known is not None:
            return known
        refuse_drift(await read_inventory(source, selection), structure_digest)
        with translated("target"):
            async with target.transaction(isolation="read_committed"):
                await bookkeeping.create(target, migration_id, epoch)
                try:
                    async with asyncio.TaskGroup() as group:
                        # Not before the fence stands: see `create_schema`.
                        group.create_task(still_wanted())
                        return await _remember(target, migration_id, tuple(receiving))
                except BaseExceptionGroup as group_error:
                    raise foremost(group_error) from None


async def read_found(target: Connection, migration_id: str) -> Found | None:
    """Give the tables as they were found; None where the migration makes its own."""
    body = await ledger.read_part(target, migration_id, RECEIVING)
    return None if body is None else msgspec.json.decode(body, type=Found)


async def undo_rows(target: Connection, migration_id: str) -> int:
    """Delete the rows that the migration's transactions wrote, and put its sequences back.

    Within the caller's transaction, after the fence. What others wrote, or changed since, stays;
    the caller's comparison with the fingerprint tells. Raises Terminal with the code
    `rollback_failed` where rows of others refer to what would go. Gives how many rows went.
    """
    found = await read_found(target, migration_id)
    if found is None:
        return 0
    deleted = 0
    there = await addresses(target, found.names)
    with translated("target"):
        written = [row["xid"] for row in await target.fetch(_sql("transactions"), migration_id)]
        quiet = any(table.quiet for table in found.tables)
        if quiet:
            await hush_all(target)
        for name in reversed(found.names):
            if name in there and written:
                # A row carries the number of the transaction that wrote it.
                status = await target.execute(
                    f"delete from only {qualified(*name)} where xmin = any ($1::text[]::xid[])",
                    written,
                )
                deleted += int(status.rpartition(" ")[2])
        if quiet:
            await wake(target)
        await put_sequences_back(target, found)
    await _refuse_orphans(target, tuple(there.values()))
    return deleted


async def put_sequences_back(target: Connection, found: Found) -> None:
    """Let the sequences of the tables stand where they were found."""
    for sequence in found.sequences:
        await target.execute(
            _sql("set_sequence"), sequence.sequence, sequence.last_value, sequence.is_called
        )


async def refuse_orphans_of_others(target: Connection, migration_id: str, table: TableSpec) -> None:
    """Raise Terminal where tables that take no rows of ours refer to rows that are gone."""
    found = await read_found(target, migration_id)
    there = await addresses(target, found.names if found else ())
    gone = there.get((table.target_schema, table.target_table))
    if gone is not None:
        await _refuse_orphans(target, (gone,), frozenset(there.values()))


async def set_sequences_past_rows(target: Connection, found: Found) -> int:
    """Move each sequence of the tables past what its column holds; gives how many were looked at.

    Never back: what the target has numbered itself stays numbered.
    """
    there = await addresses(target, found.names)
    with translated("target"):
        rows = await target.fetch(_sql("sequences"), list(there.values()))
        for row in rows:
            column, table = quote(row["column"]), qualified(row["schema"], row["table_name"])
            furthest, beyond = ("max", ">") if row["ascends"] else ("min", "<")
            await target.execute(
                f"select pg_catalog.setval($1::text::regclass, r.furthest, true)"
                f" from (select {furthest}({column})::bigint as furthest from only {table}) as r,"
                f" {row['sequence']} as s where r.furthest {beyond} s.last_value"
                " or (r.furthest = s.last_value and not s.is_called)",
                row["sequence"],
            )
    return len(rows)


async def _remember(
    target: Connection, migration_id: str, receiving: tuple[ReceivingTable, ...]
) -> SchemaCreated:
    await settle(target)
    names = [(table.schema, table.name) for table in receiving]
    there = await addresses(target, names)
    gone = [".".join(name) for name in names if name not in there]
    if gone:
        raise Terminal(
            f"the target has no table {shown(gone)} any more: plan again", code="structure_changed"
        )
    problem = next(taken(await filled(target, names)), None)
    if problem is not None:
        raise TargetConflict(problem.text)
    sequences = []
    for row in await target.fetch(_sql("sequences"), list(there.values())):
        state = await target.fetchrow(f"select last_value, is_called from {row['sequence']}")
        sequences.append(SequenceFound(sequence=row["sequence"], **dict(state)))
    fingerprint, _ = await take_fingerprint(target)
    report = SchemaCreated(created={}, skipped=(), fingerprint_digest=fingerprint.digest)
    for part, body in (
        (FINGERPRINT, fingerprint),
        (RECEIVING, Found(tables=receiving, sequences=tuple(sequences))),
        (CREATED, report),
    ):
        await ledger.add_part(target, migration_id, part, msgspec.json.encode(body))
    return report


async def _refuse_orphans(
    target: Connection, tables: Sequence[int], ours: frozenset[int] = frozenset()
) -> None:
    for reference in await read_references(target, tables, pointing_at=True):
        if reference.child not in ours and await orphans(target, reference):
            raise Terminal(
                "the target was not rolled back: rows that Sterna did not write refer to rows that"
                f" it did ({reference.spoken}). Delete them, then try again",
                code="rollback_failed",
                details={"objects": [reference.spoken], "count": 1},
            )


def _sql(name: str) -> str:
    return statements("receiving.sql")[name]
