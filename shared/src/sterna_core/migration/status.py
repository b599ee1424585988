from typing import Literal, assert_never

from sterna_core.migration import state as st

Status = Literal[
    "pending",
    "planning",
    "plan_ready",
    "approved",
    "running",
    "pausing",
    "paused",
    "validating",
    "completed",
    "failed",
    "cancelled",
    "rolling_back",
    "rolled_back",
]


def status_of(state: st.State) -> Status:
    """Show a state as one of the thirteen statuses of the REST interface.

    A migration that nobody has created yet, or that no executor has taken up, is pending.
    """
    match state:
        case st.Absent():
            return "pending"
        case st.Planning():
            return "planning" if state.begun else "pending"
        case st.PlanReady():
            return "plan_ready"
        case st.Approved():
            return "approved"
        case st.Running():
            return "validating" if state.run.phase == "validation" else "running"
        case st.Pausing():
            return "pausing"
        case st.Paused():
            return "paused"
        case st.PlanFailed() | st.Failed() | st.RollbackBlocked():
            return "failed"
        case st.Cancelling() | st.RollingBack() | st.Restoring():
            return "rolling_back"
        case st.Cancelled():
            return "cancelled"
        case st.RolledBack():
            return "rolled_back"
        case st.Completed():
            return "completed"
    assert_never(state)
