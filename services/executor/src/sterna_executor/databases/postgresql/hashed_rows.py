"""Queries that hash rows and put them into buckets; each row is hashed once.

A row's hash `h` puts its columns' hashes together by XOR. That is linear: where two rows of a
bucket changed a column's values for each other's, a sum of it could stay the same. So what is
summed is the product of the halves of `h`, which is not linear. (A XOR over rows would forget
pairs, and servers before 14 have none.)
"""

from dataclasses import dataclass

from sterna_executor.databases.postgresql.comparable import Comparable


@dataclass(frozen=True, slots=True)
class Selected:
    """Some of `2 ** bits` buckets: bit i of `bitmap`, from the lowest of each byte, is bucket i."""

    bits: int
    bitmap: bytes

    def holds(self, place: str) -> str:
        """Give the condition that the bucket of a place hash is among these."""
        bucket = f"(({place}) & {2**self.bits - 1})::pg_catalog.int4"
        return f"pg_catalog.get_bit('\\x{self.bitmap.hex()}'::pg_catalog.bytea, {bucket}) = 1"


def bucket_sums(side: Comparable, condition: str, bits: int, among: Selected | None = None) -> str:
    """Sum the rows that match into buckets: `bucket, rows, hashes`."""
    return (
        "select bucket, pg_catalog.count(*) as rows,"
        " pg_catalog.sum((h >> 32) * (h & 4294967295)) as hashes"
        f" from ({_placed(side, condition, bits, among)}) as placed group by bucket"
    )


def row_addresses(side: Comparable, condition: str, among: Selected | None = None) -> str:
    """List the rows that match: `h, address`, the address being the `ctid`."""
    return f"select h, address from ({_placed(side, condition, 0, among)}) as placed"


def _placed(side: Comparable, condition: str, bits: int, among: Selected | None) -> str:
    """List `bucket, h, address`; `offset 0` keeps the server from hashing a row once per use."""
    mask = 2**bits - 1
    if side.place is None:
        hashed = (
            f"select {side.row} as h, ctid as address from only {side.relation}"
            f" where {condition} offset 0"
        )
        kept = f" where {among.holds('h')}" if among else ""
        return (
            f"select (h & {mask})::pg_catalog.int4 as bucket, h, address"
            f" from ({hashed}) as hashed{kept}"
        )
    kept = f" and {among.holds(side.place)}" if among else ""
    return (
        f"select (({side.place}) & {mask})::pg_catalog.int4 as bucket, {side.row} as h,"
        f" ctid as address from only {side.relation} where {condition}{kept} offset 0"
    )
