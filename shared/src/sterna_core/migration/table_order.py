"""In which order tables come where some refer to others."""

from collections.abc import Mapping

from sterna_core.migration.plan import TablePlan


def parents_first(tables: Mapping[str, TablePlan]) -> list[TablePlan]:
    """Put every table after those that it waits for."""
    placed: dict[str, TablePlan] = {}
    left = dict(tables)
    while left:
        ready = [t for t in left.values() if not any(each in left for each in t.after)]
        for table in ready or list(left.values()):
            placed[table.table_id] = left.pop(table.table_id)
    return list(placed.values())
