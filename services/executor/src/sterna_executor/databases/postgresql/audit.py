"""Sums the rows of certified tables again, and compares them with what was certified."""

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.certificate.merkle import DIGEST_BYTES
from sterna_core.certificate.table import CertifiedTable
from sterna_core.errors import Terminal
from sterna_core.tasks.table import ColumnSpec, TableSpec
from sterna_core.tasks.work import Side
from sterna_executor.databases.postgresql import bucket_sums
from sterna_executor.databases.postgresql.canonical import Hashing
from sterna_executor.databases.postgresql.comparable import (
    Comparable,
    comparable,
    comparable_target,
)
from sterna_executor.databases.postgresql.connection import Connection, server_major
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.table_query import vet

_BEGIN = "begin isolation level repeatable read read only"
_MISSING = frozenset({"structure_changed", "target_refused", "source_refused"})


class Difference(Struct, frozen=True, kw_only=True):
    """A side of a table that is not as it was certified.

    `rows` is how many it has now, or None where it cannot be read as it was; `parts` counts the
    leaves that differ.
    """

    table_id: str
    side: Side
    certified_rows: int
    rows: int | None
    parts: int


class Audit(Struct, frozen=True, kw_only=True):
    """What was summed again, and what of it differs."""

    tables: int
    rows: int
    differences: tuple[Difference, ...]


async def audit(
    tables: tuple[CertifiedTable, ...], target: Connection, source: Connection | None
) -> Audit:
    """Sum every table on the target, and on the source where it is given, as of one moment.

    Raises what `translated` makes of the driver's errors.
    """
    differences: list[Difference] = []
    rows = 0
    for role, connection in (("target", target), ("source", source)):
        if connection is not None:
            with translated("target" if role == "target" else "source"):
                await connection.execute(_BEGIN)
    for table in tables:
        sides: list[Side] = ["target"] if source is None else ["target", "source"]
        for side in sides:
            found, difference = await _compare(table, side, target, source)
            rows += found
            differences.extend([difference] if difference else [])
    return Audit(tables=len(tables), rows=rows, differences=tuple(differences))


async def _compare(
    table: CertifiedTable, side: Side, target: Connection, source: Connection | None
) -> tuple[int, Difference | None]:
    certified = table.proof.leaves
    difference = Difference(
        table_id=table.table_id,
        side=side,
        certified_rows=table.rows,
        rows=None,
        parts=len(certified) // DIGEST_BYTES,
    )
    try:
        summed, rows = await _leaves(table, side, target, source)
    except Terminal as error:
        if error.code not in _MISSING:
            raise
        return 0, difference
    parts = sum(
        certified[start : start + DIGEST_BYTES] != summed[start : start + DIGEST_BYTES]
        for start in range(0, len(certified), DIGEST_BYTES)
    )
    return rows, replace(difference, rows=rows, parts=parts) if parts else None


async def _leaves(
    table: CertifiedTable, side: Side, target: Connection, source: Connection | None
) -> tuple[bytes, int]:
    spec, proof = _spec(table), table.proof
    if side == "source":
        assert source is not None
        await vet(source, spec)
        hashings = _hashing(table, source), _hashing(table, target)
        rows = (await comparable(source, target, spec, hashing=hashings)).source
        connection = source
    else:
        rows = await comparable_target(target, spec, _hashing(table, target))
        connection = target
    sums = await _sum(connection, side, rows, proof.bucket_bits)
    return bucket_sums.leaves_of(sums, proof.leaf_bits), sums.rows


async def _sum(connection: Connection, side: Side, rows: Comparable, bits: int) -> bucket_sums.Sums:
    return await bucket_sums.add_up(connection, side, rows, ("true",), bits)


def _hashing(table: CertifiedTable, connection: Connection) -> Hashing:
    proof = table.proof
    return Hashing(proof.canon, server_major(connection), proof.oldest_major, proof.same_encoding)


def _spec(table: CertifiedTable) -> TableSpec:
    return TableSpec(
        table_id=table.table_id,
        source_schema=table.source_schema,
        source_table=table.source_table,
        target_schema=table.target_schema,
        target_table=table.target_table,
        columns=tuple(
            ColumnSpec(
                source=column.source,
                target=column.target,
                expression=column.expression,
                target_type="",
            )
            for column in table.columns
        ),
        key=table.key,
        copy_format="binary",
        estimated_rows=table.rows,
    )
