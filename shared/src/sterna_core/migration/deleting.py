"""What deleting a migration leads to."""

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import state as st
from sterna_core.migration.deletion import DeleteMigration, MigrationDeleted
from sterna_core.migration.draft import Draft
from sterna_core.migration.refusal import refuse
from sterna_core.migration.snapshots import release_snapshot


def delete(draft: Draft, command: DeleteMigration, context: Context) -> None:
    """Forget a migration that is not at work."""
    match draft.state:
        case (
            st.Planning()
            | st.Running()
            | st.Pausing()
            | st.Paused()
            | st.Cancelling()
            | st.RollingBack()
            | st.Restoring()
        ):
            refuse(draft, "delete")
        case st.Failed() if draft.at_work:
            raise Rejected(
                "invalid_state",
                f"{draft.at_work} tasks of this migration are still at work; try again soon.",
                {"status": "failed", "tasks_at_work": draft.at_work},
            )
        case st.Failed():
            release_snapshot(draft)
        case _:
            pass
    draft.add(
        MigrationDeleted(
            at=draft.at,
            keep_logs=command.keep_logs,
            keep_metrics=command.keep_metrics,
            by=context.actor,
        )
    )
