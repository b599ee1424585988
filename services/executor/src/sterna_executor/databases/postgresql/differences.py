"""In what a source differs from what was planned, table by table and column by column."""

from collections.abc import Iterator, Sequence

from sterna_core.migration.review import Difference
from sterna_core.tasks.table import PlannedTable
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_table import Table
from sterna_executor.databases.postgresql.structure import structure_digest

NAMED_MAX = 200


def differences(
    inventory: Inventory, digest: str, planned: Sequence[PlannedTable], *, whole: bool
) -> tuple[Difference, ...]:
    """Name what was added, dropped and changed since the plan with this digest was made.

    `planned` may be cut short (`whole` False): then tables that are missing in it are not taken
    for new. Nothing is named where the digest is the same.
    """
    if structure_digest(inventory) == digest:
        return ()
    found = {table.id: table for table in inventory.with_rows}
    named = list(_differences(found, {table.table_id: table for table in planned}, whole=whole))
    return tuple(named[:NAMED_MAX]) or (Difference(kind="definition_changed"),)


def _differences(
    found: dict[str, Table], planned: dict[str, PlannedTable], *, whole: bool
) -> Iterator[Difference]:
    for table_id, was in planned.items():
        now = found.get(table_id)
        if now is None:
            yield Difference(kind="table_dropped", table=table_id)
        else:
            yield from _columns(was, now)
    if whole:
        for table_id in found:
            if table_id not in planned:
                yield Difference(kind="table_added", table=table_id)


def _columns(was: PlannedTable, now: Table) -> Iterator[Difference]:
    before, after = dict(was.columns), {column.name: column.type for column in now.columns}
    for name, kind in before.items():
        if name not in after:
            yield Difference(kind="column_dropped", table=was.table_id, column=name, planned=kind)
        elif after[name] != kind:
            yield Difference(
                kind="column_changed",
                table=was.table_id,
                column=name,
                planned=kind,
                found=after[name],
            )
    for name, kind in after.items():
        if name not in before:
            yield Difference(kind="column_added", table=was.table_id, column=name, found=kind)
    if was.key != now.key:
        yield Difference(
            kind="key_changed",
            table=was.table_id,
            planned=", ".join(was.key),
            found=", ".join(now.key),
        )
