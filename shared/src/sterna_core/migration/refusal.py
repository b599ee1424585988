from sterna_core.errors import Rejected
from sterna_core.migration import state as st
from sterna_core.migration.about import About
from sterna_core.migration.draft import Draft
from sterna_core.migration.status import status_of


def refuse(draft: Draft, verb: str) -> None:
    """Refuse a command that this stage does not allow."""
    if isinstance(draft.state, st.Absent):
        raise Rejected("migration_not_found", "There is no such migration.")
    if isinstance(draft.state, st.RollbackBlocked):
        raise Rejected(
            "rollback_failed",
            f"Cannot {verb} a migration whose rollback failed: put right what stood in its way, "
            "then roll back again.",
            {"status": "failed"},
        )
    status = status_of(draft.state)
    raise Rejected(
        "invalid_state",
        f"Cannot {verb} a migration that is {status.replace('_', ' ')}.",
        {"status": status},
    )


def refuse_without_ledger(about: About, *, there: bool = True) -> None:
    """Raise Rejected where the target holds nothing that a rollback could go by."""
    if not about.options.generate_rollback:
        why = "This migration was created with generate_rollback set to false"
    elif not there:
        why = "The ledger was removed when the target was ready; keep_bookkeeping keeps it"
    else:
        return
    raise Rejected("rollback_not_available", f"{why}: there is nothing to go back by.")
