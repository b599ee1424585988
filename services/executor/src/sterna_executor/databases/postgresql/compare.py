import asyncio
import time
from dataclasses import dataclass

from msgspec import json

from sterna_core.certificate.proof import TableProof, leaf_bits, root_of_leaves
from sterna_core.group_error import foremost
from sterna_core.tasks.work import CompareTable, ScanRange, Side
from sterna_executor.databases.postgresql import bucket_sums, passes, receipts, set_aside
from sterna_executor.databases.postgresql.bucket_sums import Comparison, Sums
from sterna_executor.databases.postgresql.canonical import Hashing
from sterna_executor.databases.postgresql.comparable import comparable, hashing_of
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.page_range import WHOLE
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.scan import scan_pages
from sterna_executor.databases.postgresql.set_aside import LeftOut, Shelf
from sterna_executor.databases.postgresql.snapshot import read_under
from sterna_executor.databases.postgresql.table_query import is_transformed, target_table, vet


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareResult:
    """How both sides of a table compare: equal where `differing_buckets` is 0.

    The digests are SHA-256 over the buckets' counts and sums, in order.
    """

    source_rows: int
    target_rows: int
    differing_buckets: int
    source_digest: str
    target_digest: str
    seconds: float
    proof: TableProof | None
    rows_set_aside: int = 0
    rows_replaced: int = 0


_proof_decoder = json.Decoder(TableProof)


async def compare_table(assignment: Assignment, work: CompareTable) -> CompareResult:
    """Compare the buckets of both sides, scanning both first, at once, where the work says so.

    A table that is equal has its statistics gathered, so that the first queries find them; in
    passes, which are many, that is left to the server.
    Equal means equal as multisets of rows, each value by `=` of its type or stricter. Raises
    Fenced, SnapshotLost and Unreachable as `copy_chunk` does, and Terminal where the sums are not
    all there.
    """
    began = time.monotonic()
    asked = Claim(
        migration_id=assignment.migration_id,
        task_id=assignment.task_id,
        kind="compare_table",
        table_id=work.table.table_id,
        generation=work.generation,
    )

    async def body(target: Connection) -> Figures:
        left_out, replaced = LeftOut(), 0
        if work.some_set_aside:
            shelf = Shelf(
                migration_id=assignment.migration_id,
                table=work.table,
                generation=work.generation,
            )
            left_out = await set_aside.left_out(target, shelf)
            replaced = await set_aside.count_replaced(target, shelf)
        hashing = (
            await _scan(assignment, work, target, left_out.others)
            if work.scan
            else await _hashing(assignment, target)
        )
        if replaced:
            await bucket_sums.keep_replaced(target, assignment.migration_id, work)
        compared = await bucket_sums.compare(target, assignment.migration_id, work)
        await bucket_sums.forget_earlier(target, assignment.migration_id, work)
        if work.in_pass:
            await passes.enter(target, assignment.migration_id, work)
            with translated("target"):
                await receipts.forget_earlier(target, asked)
        if not compared.differing and not work.in_pass:
            # Here and not at the cutover: tables are compared side by side, and nobody waits.
            with translated("target"):
                await target.execute(f"analyze {target_table(work.table)}")
        return Figures(
            rows=compared.source_rows,
            result={
                "target_rows": compared.target_rows,
                "differing_buckets": len(compared.differing),
                "source_digest": compared.source_digest,
                "target_digest": compared.target_digest,
                "set_aside": left_out.rows,
                "replaced": replaced,
                "seconds": round(time.monotonic() - began, 3),
                "proof": json.encode(_proof(work, hashing, compared)).decode(),
            },
        )

    await passes.begin(assignment, work)
    figures = (await once(assignment, asked, body)).figures
    result = figures.result
    return CompareResult(
        source_rows=figures.rows,
        target_rows=int(result["target_rows"] or 0),
        differing_buckets=int(result["differing_buckets"] or 0),
        source_digest=str(result["source_digest"]),
        target_digest=str(result["target_digest"]),
        seconds=float(result["seconds"] or 0.0),
        rows_set_aside=int(result.get("set_aside") or 0),
        rows_replaced=int(result.get("replaced") or 0),
        proof=_proof_decoder.decode(str(result["proof"])) if result.get("proof") else None,
    )


def _proof(work: CompareTable, hashing: Hashing, compared: Comparison) -> TableProof:
    return TableProof(
        canon=hashing.canon,
        oldest_major=hashing.oldest_major,
        same_encoding=hashing.same_encoding,
        bucket_bits=work.bucket_bits,
        leaf_bits=leaf_bits(work.bucket_bits),
        source_root=root_of_leaves(compared.source_leaves),
        target_root=root_of_leaves(compared.target_leaves),
        leaves=compared.target_leaves,
    )


async def _hashing(assignment: Assignment, target: Connection) -> Hashing:
    """Say by which functions the scans hashed: those of this source and this target."""
    async with assignment.source.session() as source:
        return (await hashing_of(source, target))[1]


async def _scan(
    assignment: Assignment, work: CompareTable, target: Connection, among: str
) -> Hashing:
    async with assignment.source.session(keep=not is_transformed(work.table)) as source:
        await read_under(source, work.snapshot_id)
        await vet(source, work.table)
        by = await hashing_of(source, target)
        both = await comparable(source, target, work.table, hashing=by)
        try:
            async with asyncio.TaskGroup() as group:
                theirs = group.create_task(
                    scan_pages(source, "source", both, WHOLE, work.bucket_bits, among=among)
                )
                ours = group.create_task(
                    scan_pages(target, "target", both, WHOLE, work.bucket_bits)
                )
        except BaseExceptionGroup as errors:
            raise foremost(errors) from None
    scanned: dict[Side, Sums] = {"source": theirs.result(), "target": ours.result()}
    for side, sums in scanned.items():
        await bucket_sums.keep(target, assignment.migration_id, _whole_side(work, side), sums)
    return by[1]


def _whole_side(work: CompareTable, side: Side) -> ScanRange:
    return ScanRange(
        table=work.table,
        pass_number=work.pass_number,
        side=side,
        range_number=0,
        pages=WHOLE,
        bucket_bits=work.bucket_bits,
        snapshot_id=work.snapshot_id,
        generation=work.generation,
    )
