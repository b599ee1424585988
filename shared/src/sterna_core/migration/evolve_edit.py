"""How a change before the start changes the state."""

from msgspec.structs import replace

from sterna_core.migration import state as st
from sterna_core.migration.revision import MigrationEdited

BeforeStart = st.Planning | st.PlanFailed | st.PlanReady | st.Approved


def edited(state: BeforeStart, event: MigrationEdited) -> BeforeStart:
    """Give the state of a migration that is another one now; its plan may be made again."""
    if event.round is None:
        return replace(state, about=event.about)
    return st.Planning(about=event.about, round=event.round)
