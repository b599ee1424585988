"""What asking for a rollback leads to."""

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.migration import state as st
from sterna_core.migration.draft import Draft
from sterna_core.migration.evolve_undo import has_ledger
from sterna_core.migration.refusal import refuse, refuse_without_ledger
from sterna_core.migration.restoring import roll_back_part
from sterna_core.migration.snapshots import release_snapshot
from sterna_core.migration.undo import RollBackMigration, RollbackRequested, Strategy
from sterna_core.tasks.work import UndoStrategy

_UNAVAILABLE: dict[Strategy, str] = {
    "point_in_time": "PostgreSQL offers a client no way back to a moment; restore the server from "
    "its archive, or use reverse_migration.",
    "backup_restore": "No backup of the target was made by this service; use reverse_migration.",
}


def roll_back(draft: Draft, command: RollBackMigration, context: Context) -> None:
    """Shut the target and undo the migration, also one that is over."""
    strategy = available(command.strategy)
    if command.scope != "all":
        roll_back_part(draft, command, context, strategy)
        return
    match draft.state:
        case st.RolledBack():
            return
        case st.Paused(about=about, run=run) | st.Failed(about=about, run=run):
            ledger = has_ledger(about, run)
            if run.schema_created:
                refuse_without_ledger(about, there=ledger)
            epoch = run.epoch
            draft.withdraw_all()
            release_snapshot(draft)
        case st.RollbackBlocked(run=run):
            epoch, ledger = run.epoch, run.schema_created
        case (
            st.Completed(about=about, epoch=epoch, ledger=ledger)
            | st.Cancelled(about=about, epoch=epoch, ledger=ledger)
        ) if epoch:
            refuse_without_ledger(about, there=ledger)
        case _:
            refuse(draft, "roll back")
            return
    draft.add(
        RollbackRequested(
            at=draft.at,
            strategy=strategy,
            verify=command.verify,
            reason=command.reason,
            epoch=epoch + 1,
            by=context.actor,
            ledger=ledger,
        )
    )


def available(strategy: Strategy) -> UndoStrategy:
    """Give a strategy that can be carried out; raises Rejected for the others."""
    match strategy:
        case "reverse_migration" | "truncate":
            return strategy
        case _:
            details = {"strategy": strategy, "available": ["reverse_migration", "truncate"]}
            raise Rejected("rollback_not_available", _UNAVAILABLE[strategy], details)
