"""Whether a plan may be carried out: who has approved what, and of which plan."""

from typing import NoReturn

from sterna_core.errors import Rejected
from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration.draft import Draft
from sterna_core.migration.plan import ColumnMapping, TablePlan
from sterna_core.migration.run import Plan

NAMED_MAX = 100


def approve_if_whole(draft: Draft, by: str) -> None:
    """Approve the plan where nothing in it waits for a person."""
    if isinstance(draft.state, st.PlanReady) and not unapproved(draft.state.plan.tables):
        draft.add(ev.PlanApproved(at=draft.at, by=by, digest=draft.state.plan.digest))


def unapproved(tables: dict[str, TablePlan]) -> dict[str, str]:
    """Give the status of each mapping that is not approved, by its id."""
    return {
        column.mapping_id: column.status
        for table in tables.values()
        for column in table.columns
        if column.status != "approved"
    }


def refuse_unapproved(state: st.PlanReady, *, skip_approval: bool) -> None:
    """Raise Rejected where a plan may not be started as it is.

    `skip_approval` approves what waits; what was rejected, or is being tried, it does not.
    """
    waiting = unapproved(state.plan.tables)
    rejected = [key for key, status in waiting.items() if status == "rejected"]
    trials = sorted(state.review.trials)
    if not rejected and not trials and skip_approval:
        return
    message = f"{len(waiting)} mappings are not approved."
    if trials:
        message += f" {len(trials)} transformations are being tried."
    details = {"mappings": sorted(waiting)[:NAMED_MAX], "rejected": rejected[:NAMED_MAX]}
    if trials:
        details["trials"] = trials[:NAMED_MAX]
    raise Rejected("approval_required", message, details)


def refuse_planless(state: st.Planning | st.PlanFailed) -> NoReturn:
    """Raise Rejected, since there is no plan that could be started."""
    if isinstance(state, st.PlanFailed):
        if state.code in {"source_unreachable", "target_unreachable"}:
            message = "A database could not be reached, so there is no plan; resume to plan again."
            raise Rejected(state.code, message)
        raise Rejected("plan_not_ready", "There is no plan to start; resume to plan again.")
    raise Rejected("plan_not_ready", "There is no plan to start yet.")


def match_digest(plan: Plan, wanted: tuple[str, ...]) -> None:
    """Raise Rejected where somebody has seen another plan than this one; none wanted is any."""
    if wanted and plan.digest not in wanted:
        raise Rejected(
            "precondition_failed",
            "The plan has changed since it was read: read it again.",
            {"digest": plan.digest},
        )


def mapping_of(plan: Plan, mapping_id: str) -> tuple[TablePlan, ColumnMapping]:
    """Give a mapping and its table; raises Rejected where there is none of that id."""
    for table in plan.tables.values():
        for column in table.columns:
            if column.mapping_id == mapping_id:
                return table, column
    raise Rejected("mapping_not_found", "The plan has no such mapping.")
