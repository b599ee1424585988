"""Leads readers back to the source after a migration, and removes a target that is of no use."""

from sterna_core.journal.aggregate import Context
from sterna_core.migration.reports import ReportTaskFailed
from sterna_core.migration.retries import ATTEMPTS
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.draft import Draft
from sterna_core.namespace_migration.failures import try_again
from sterna_core.namespace_migration.job import Assignment, RollbackJob
from sterna_core.namespace_migration.lifecycle import refuse
from sterna_core.namespace_migration.reports import ReportStepDone

_VERB = "roll back"


def roll_back(draft: Draft, command: cmd.RollBackNamespaceMigration, context: Context) -> None:
    """Begin to roll back; what is rolled back already stays as it is."""
    drops = command.drop_target
    match draft.state:
        case st.Completed():
            pass
        case st.Failed():
            drops = True
            draft.withdraw_all()
        case st.Cancelled(view=view):
            if view.started_at is None:
                refuse(draft, _VERB)
            drops = True
        case st.RollbackFailed(drops_target=wanted):
            drops = drops or wanted
        case st.RolledBack(dropped=dropped):
            if dropped or not drops:
                return
        case st.RollingBack(drops_target=wanted):
            if drops and not wanted:
                refuse(draft, _VERB)
            return
        case _:
            refuse(draft, _VERB)
    draft.add(
        ev.RollbackRequested(
            at=draft.at,
            reason=command.reason,
            drops_target=drops,
            epoch=draft.state.view.epoch + 1,
            by=context.actor,
        )
    )


def rolled_back(draft: Draft, command: ReportStepDone, job: RollbackJob) -> None:
    """Take in that it is done."""
    draft.add(
        ev.NamespaceMigrationRolledBack(
            at=draft.at,
            task_id=command.task_id,
            aliases=command.aliases,
            drops_target=job.drops_target,
        )
    )


def not_rolled_back(
    draft: Draft, command: ReportTaskFailed, known: Assignment, context: Context
) -> None:
    """Try again some times where that may help; then it waits for somebody to ask again."""
    if command.transient and known.failures + 1 < ATTEMPTS:
        try_again(draft, command.task_id, known, command.code, command.message, context)
        return
    draft.add(
        ev.RollbackFailed(
            at=draft.at, task_id=command.task_id, code=command.code, message=command.message
        )
    )
