"""What executors are asked to do for a plan: to make it, to compare it, to try a part of it."""

import msgspec

from sterna_core.migration.about import About
from sterna_core.migration.approval import mapping_of
from sterna_core.migration.job import AnyJob, PlanCheckJob, TrialJob
from sterna_core.migration.plan import ColumnMapping, TablePlan
from sterna_core.migration.review import Review
from sterna_core.migration.run import Plan
from sterna_core.tasks import work as wk
from sterna_core.tasks.table import PlannedTable

PLANNED_BYTES_MAX = 256 * 1024
OVERRIDES_MAX = 100
OVERRIDES_BYTES_MAX = 100 * 1024


def planning_work(about: About) -> wk.PlanMigration:
    """Have a plan proposed."""
    return wk.PlanMigration(
        selection=about.selection,
        auto_approve_above=about.options.auto_approve_above,
        chunk_bytes=about.options.chunk_bytes,
        batch_rows=about.options.batch_size,
        mode=about.options.mode,
        incremental=about.options.passes if about.options.mode == "incremental" else None,
    )


def review_work(about: About, plan: Plan, review: Review, job: AnyJob) -> wk.AnyWork:
    """Have something about a plan tried."""
    if isinstance(job, TrialJob):
        wanted = next(each for each in review.trials.values() if each.number == job.number)
        table, column = mapping_of(plan, wanted.mapping_id)
        return trial_work(table, column, wanted.expression)
    assert isinstance(job, PlanCheckJob)
    planned, whole = planned_tables(plan)
    return wk.CheckPlan(
        plan=planning_work(about),
        structure_digest=plan.structure_digest,
        planned=planned,
        planned_whole=whole,
        rehearsal=job.rehearsal,
        overrides=_overrides(plan) if job.rehearsal else (),
    )


def planned_tables(plan: Plan) -> tuple[tuple[PlannedTable, ...], bool]:
    """Give what differences are told by, as much as a record holds, and whether that is all."""
    found: list[PlannedTable] = []
    size = 0
    for table in plan.tables.values():
        planned = PlannedTable.of(table)
        size += len(msgspec.json.encode(planned))
        if size > PLANNED_BYTES_MAX:
            return tuple(found), False
        found.append(planned)
    return tuple(found), True


def _overrides(plan: Plan) -> tuple[wk.TryTransformation, ...]:
    found: list[wk.TryTransformation] = []
    size = 0
    for table in plan.tables.values():
        for column in table.columns:
            if not column.overridden:
                continue
            trial = trial_work(table, column, column.transformation)
            size += len(msgspec.json.encode(trial))
            if len(found) == OVERRIDES_MAX or size > OVERRIDES_BYTES_MAX:
                return tuple(found)
            found.append(trial)
    return tuple(found)


def trial_work(table: TablePlan, column: ColumnMapping, expression: str) -> wk.TryTransformation:
    """Have an expression tried for a column."""
    return wk.TryTransformation(
        source_schema=table.source_schema,
        source_table=table.source_table,
        mapping_id=column.mapping_id,
        column=column.source_column,
        columns=tuple(each.source_column for each in table.columns),
        source_type=column.source_type,
        target_type=column.target_type,
        expression=expression,
    )
