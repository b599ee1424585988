"""From which phase a migration may be started: one whose earlier phases are proven done."""

from sterna_core.errors import Rejected
from sterna_core.migration import state as st
from sterna_core.migration.draft import Draft
from sterna_core.migration.status import status_of
from sterna_core.tasks.telemetry import Phase

_FIRST: frozenset[Phase] = frozenset(("planning", "schema_migration"))


def begin_at(phase: Phase | None) -> None:
    """Raise Rejected where a migration that was never started cannot begin with a phase."""
    if phase is not None and phase not in _FIRST:
        raise Rejected(
            "invalid_state",
            f"The phases before {phase} were not carried out by this migration, so nothing proves"
            " that they are done: start from schema_migration.",
            {"start_from_phase": phase, "next_phase": "schema_migration"},
        )


def go_on_from(draft: Draft, phase: Phase) -> None:
    """Raise Rejected where a run that stands still cannot go on with a phase."""
    if not isinstance(draft.state, st.Paused | st.Failed):
        return
    at_hand = draft.state.run.phase
    if phase == at_hand:
        return
    raise Rejected(
        "invalid_state",
        f"The phases before {at_hand} are proven done and {at_hand} is not: it goes on with that.",
        {
            "status": status_of(draft.state),
            "start_from_phase": phase,
            "next_phase": at_hand,
        },
    )
