"""Partitions go into partitions of their own name, or nowhere: what of both sides is not alike."""

from collections.abc import Iterator, Sequence

from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_table import Table
from sterna_executor.databases.postgresql.name_match import UNMATCHED_CAP, name_score
from sterna_executor.databases.postgresql.preflight_problem import Problem, shown


def may_pair(source: Table, target: Table, score: float) -> bool:
    """Tell whether two tables called so alike may be one.

    Names of partitions differ in one word (`sale_2025`, `sale_2026`, and `sale` above them), so
    where a partition is one of the two, every word needs a counterpart.
    """
    return score > UNMATCHED_CAP or (source.parent is None and target.parent is None)


def partition_problems(
    source: Inventory, target: Inventory, alone: Sequence[Table]
) -> Iterator[tuple[frozenset[int], Problem]]:
    """Say of tables without a counterpart where only partitioning differs, with their addresses."""
    by_name = {table.name_pair: table for table in source.tables}
    families: dict[int, list[Table]] = {}
    for table in alone:
        families.setdefault(_topmost(by_name, table).oid, []).append(table)
    for members in families.values():
        top = _topmost(by_name, members[0])
        schema = source.target_schema(top.schema)
        like = [
            table
            for table in target.tables
            if table.schema == schema
            and table.parent is None
            and name_score(top.name, table.name) > UNMATCHED_CAP
        ]
        text = _difference(top, members, like[0]) if like else None
        if text is not None:
            yield frozenset(table.oid for table in members), Problem("setting", text)


def _difference(top: Table, members: Sequence[Table], other: Table) -> str | None:
    match top.kind, other.kind:
        case "partitioned", "table":
            return (
                f"{top.id} is partitioned on the source, and {other.id} on the target is not:"
                " data_only moves each partition into one of its own name. Partition the target's"
                " table alike, or use mode full"
            )
        case "table", "partitioned":
            return (
                f"{top.id} is one table on the source, and {other.id} on the target is"
                " partitioned: data_only moves a table into one table. Make the target's a plain"
                " table, partition the source's alike, or use mode full"
            )
        case "partitioned", "partitioned":
            return (
                f"{other.id} on the target has no partition called like"
                f" {shown([table.id for table in members])}: CREATE TABLE … PARTITION OF, exclude"
                " the whole table (source.exclude_tables), or use mode full"
            )
        case _:
            return None


def _topmost(by_name: dict[tuple[str, str], Table], table: Table) -> Table:
    while table.parent is not None and table.parent in by_name:
        table = by_name[table.parent]
    return table
