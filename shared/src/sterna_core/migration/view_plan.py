"""What the read model shows of a plan."""

from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration import review_events as rv
from sterna_core.migration.check_view import CheckView, finished
from sterna_core.migration.view import MigrationView, TableView
from sterna_core.migration.view_phases import phase_over

PlanEvent = (
    ev.PlanTablesAdded | ev.PlanCompleted | ev.MappingReviewed | ev.PlanApproved | rv.AnyReviewEvent
)


def fold_plan(view: MigrationView, event: PlanEvent) -> MigrationView:
    """Give the view after something has become of the plan."""
    match event:
        case ev.PlanTablesAdded():
            tables = {} if event.part == 0 else dict(view.tables)
            for table in event.tables:
                tables[table.table_id] = TableView(
                    table_id=table.table_id,
                    target=f"{table.target_schema}.{table.target_table}",
                    estimated_rows=table.estimated_rows,
                    chunks=table.chunks,
                    sync=table.sync,
                )
            return replace(view, tables=tables, status="planning")
        case ev.PlanCompleted():
            seconds = (event.at - view.about.created_at).total_seconds()
            return replace(
                phase_over(view, "planning", seconds),
                status="plan_ready",
                plan_status="pending_approval",
                plan_digest=event.digest,
                plan_generated_at=event.at,
                summary=event.summary,
                phase_plans=event.phases,
                risks=event.risks,
                pending_mappings=event.pending,
                check=None,
                dry_run=None,
            )
        case ev.MappingReviewed() | rv.TransformationProposed():
            return replace(
                view,
                status="plan_ready",
                plan_status="pending_approval",
                plan_digest=event.digest or view.plan_digest,
            )
        case ev.PlanApproved():
            return replace(
                view,
                status="approved",
                plan_status="approved",
                plan_digest=event.digest or view.plan_digest,
                pending_mappings=0,
            )
        case rv.TransformationAccepted():
            return replace(view, plan_digest=event.digest)
        case rv.PlanCheckRequested():
            check = CheckView(number=event.number, requested_at=event.at)
            return replace(view, check=check, dry_run=check if event.rehearsal else view.dry_run)
        case rv.PlanChecked() | rv.PlanCheckFailed():
            return replace(
                view,
                check=finished(view.check, event),
                dry_run=finished(view.dry_run, event),
            )
        case _:
            return view
