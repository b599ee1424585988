"""The sums of a comparison, kept on the target: partial sums by range, added up when compared."""

from dataclasses import dataclass, field
from hashlib import sha256

import asyncpg

from sterna_core.certificate.proof import joined_leaves, leaf_bits
from sterna_core.errors import Terminal
from sterna_core.tasks.work import CompareTable, RepairTable, ScanRange, Side
from sterna_executor.databases.postgresql import hashed_rows
from sterna_executor.databases.postgresql.comparable import Comparable
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.statements import statements

_NOTHING = sha256().hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The sums of some rows by bucket, as arrays in the notation of PostgreSQL."""

    rows: int
    buckets: str
    counts: str
    sums: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How two sides compare; `differing` numbers the buckets, `differing_rows` counts in both.

    The leaves are those of a `TableProof`.
    """

    source_rows: int
    target_rows: int
    source_digest: str
    target_digest: str
    differing_rows: int
    differing: list[int] = field(repr=False)
    source_leaves: bytes = field(repr=False)
    target_leaves: bytes = field(repr=False)


async def add_up(
    connection: Connection, side: Side, rows: Comparable, conditions: tuple[str, ...], bits: int
) -> Sums:
    """Sum the rows that match one of the conditions, in one sequential read."""
    parts = (hashed_rows.bucket_sums(rows, condition, bits) for condition in conditions)
    query = (
        "select coalesce(pg_catalog.sum(rows), 0)::bigint as rows,"
        " coalesce(pg_catalog.array_agg(bucket), '{}')::text as buckets,"
        " coalesce(pg_catalog.array_agg(rows), '{}')::text as counts,"
        " coalesce(pg_catalog.array_agg(hashes), '{}')::text as sums"
        f" from ({' union all '.join(parts)}) as summed"
    )
    with translated(side):
        return Sums(**dict(await connection.fetchrow(query)))


async def keep(target: Connection, migration_id: str, work: ScanRange, sums: Sums) -> None:
    """Keep the sums of a range, in the caller's transaction."""
    with translated("target"):
        await target.execute(
            _sql("keep"),
            migration_id,
            work.table.table_id,
            work.pass_number,
            work.side,
            work.range_number,
            work.generation,
            work.bucket_bits,
            sums.buckets,
            sums.counts,
            sums.sums,
        )


async def keep_replaced(target: Connection, migration_id: str, work: CompareTable) -> None:
    """Keep the sums of rows that have another value, in the transaction that compares."""
    with translated("target"):
        await target.execute(
            _sql("keep_replaced"),
            migration_id,
            work.table.table_id,
            work.pass_number,
            work.generation,
            work.bucket_bits,
        )


async def forget_earlier(target: Connection, migration_id: str, work: CompareTable) -> None:
    """Remove the sums of earlier comparisons of the table."""
    with translated("target"):
        await target.execute(
            _sql("forget_earlier"), migration_id, work.table.table_id, work.pass_number
        )


async def are_whole(
    target: Connection, migration_id: str, work: CompareTable | RepairTable
) -> bool:
    """Tell whether both sides are summed, every range, under the work's snapshot and buckets."""
    with translated("target"):
        sides = await target.fetch(
            _sql("ranges"), migration_id, work.table.table_id, work.pass_number
        )
    return len(sides) == 2 and all(
        side["first"] == 0
        and side["last"] == side["ranges"] - 1
        and side["oldest"] == side["newest"] == work.generation
        and side["fewest_bits"] == side["most_bits"] == work.bucket_bits
        for side in sides
    )


async def compare(
    target: Connection, migration_id: str, work: CompareTable | RepairTable
) -> Comparison:
    """Compare the sides bucket by bucket. Raises Terminal where a range was not summed."""
    if not await are_whole(target, migration_id, work):
        raise Terminal(
            f"a range of {work.table.table_id} was not scanned under this snapshot: scan again",
            code="scan_incomplete",
            details={"table": work.table.table_id, "pass": work.pass_number},
        )
    bits = leaf_bits(work.bucket_bits)
    with translated("target"):
        row = await target.fetchrow(
            _sql("compare"), migration_id, work.table.table_id, work.pass_number, bits
        )
    return Comparison(
        source_rows=row["source_rows"] or 0,
        target_rows=row["target_rows"] or 0,
        source_digest=row["source_digest"] or _NOTHING,
        target_digest=row["target_digest"] or _NOTHING,
        differing_rows=row["differing_rows"],
        differing=row["buckets"],
        source_leaves=_joined(row, "source", bits),
        target_leaves=_joined(row, "target", bits),
    )


def leaves_of(sums: Sums, bits: int) -> bytes:
    """Give the leaves of sums that are whole, as `compare` gives those of a side."""
    lines: dict[int, list[tuple[int, str]]] = {}
    arrays = (text.strip("{}").split(",") for text in (sums.buckets, sums.counts, sums.sums))
    for bucket, rows, hashes in zip(*arrays, strict=True):
        if bucket:
            number = int(bucket)
            line = f"{number} {rows} {hashes}"
            lines.setdefault(number & ((1 << bits) - 1), []).append((number, line))
    digests = {
        leaf: sha256("\n".join(line for _, line in sorted(found)).encode()).digest()
        for leaf, found in lines.items()
    }
    return joined_leaves(digests, bits)


def _joined(row: asyncpg.Record, side: Side, bits: int) -> bytes:
    leaves = row[f"{side}_leaves"] or ()
    digests = row[f"{side}_leaf_digests"] or ()
    return joined_leaves(dict(zip(leaves, digests, strict=True)), bits)


def _sql(name: str) -> str:
    return statements("bucket_sums.sql")[name]
