"""By which strategy a table is brought up to date in the pass at hand."""

from sterna_core.migration.incremental import TableSync
from sterna_core.migration.plan import TablePlan
from sterna_core.migration.run import Run


def goes_by_changes(planned: TablePlan, run: Run) -> bool:
    """Tell whether only rows that were written lately are copied, as a change column tells them.

    Not in passes that compare everything, and not where that was refused under this snapshot, or
    rows are set aside: a comparison knows about these.
    """
    if run.phase != "syncing" or run.sync.comparing or run.sync.last:
        return False
    table = run.tables[planned.table_id]
    return (
        can_go_by_changes(planned)
        and table.refused_changes != run.generation
        and not any(each.table_id == planned.table_id for each in run.errors.values())
    )


def strategy_of(planned: TablePlan) -> TableSync:
    """Say how passes bring a table up to date, now that its mappings are what they are."""
    sync = planned.sync or TableSync()
    if sync.strategy == "comparison" or can_go_by_changes(planned):
        return sync
    return TableSync(reason="a transformation hides its key or its change column")


def can_go_by_changes(planned: TablePlan) -> bool:
    """Tell whether the plan allows it: a transformation may hide what the columns say."""
    if planned.sync is None or planned.sync.strategy != "changes":
        return False
    needed = {*planned.key, planned.sync.change_column}
    plain = {each.source_column for each in planned.columns if each.copied and not each.overridden}
    return bool(planned.key) and needed <= plain
