"""Which schemas and tables a selection means."""

from collections.abc import Sequence

from sterna_core.errors import InvalidRequest
from sterna_core.migration.glob import TableGlobs
from sterna_core.migration.plan import Selection
from sterna_executor.databases.postgresql.inventory_table import Table

_NAMED = 20


def choose_schemas(selection: Selection, present: Sequence[str]) -> tuple[str, ...]:
    """Give the schemas meant, of those the source has.

    Raises InvalidRequest where one is named that the source does not have, or the system's.
    """
    if not selection.schemas:
        return tuple(present)
    missing = [name for name in selection.schemas if name not in present]
    if missing:
        offered = ", ".join(present[:_NAMED]) or "none"
        raise InvalidRequest(
            f"the source has no schema {', '.join(missing[:_NAMED])} that can be moved"
            f" (case counts; it has: {offered})",
            code="schema_not_found",
            details={"schemas": missing[:_NAMED], "present": list(present[:_NAMED])},
        )
    return tuple(dict.fromkeys(selection.schemas))


def choose_tables(
    tables: Sequence[Table], globs: TableGlobs
) -> tuple[tuple[Table, ...], tuple[Table, ...]]:
    """Part the tables into those meant and those left out.

    A partition goes with its parent: leaving out a partitioned table leaves out all of it.
    """
    by_name = {table.name_pair: table for table in tables}
    fate: dict[tuple[str, str], bool] = {}

    def left_out(table: Table) -> bool:
        path = []
        current: Table | None = table
        out = False
        while current is not None:
            known = fate.get(current.name_pair)
            if known is not None:
                out = known
                break
            path.append(current)
            if globs.match(current.schema, current.name):
                out = True
                break
            current = by_name.get(current.parent) if current.parent else None
        # Of what was passed, nothing but the last can be the reason: all share its fate.
        for passed in path:
            fate[passed.name_pair] = out
        return out

    parted: tuple[list[Table], list[Table]] = ([], [])
    for table in tables:
        parted[left_out(table)].append(table)
    return tuple(parted[False]), tuple(parted[True])
