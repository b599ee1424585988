"""Phases of the read model: one at hand, one over."""

from msgspec.structs import replace

from sterna_core.migration.view import MigrationView, PhaseView
from sterna_core.tasks.telemetry import Phase


def with_phase(view: MigrationView, phase: PhaseView) -> MigrationView:
    """Put a phase in the place of the one of its name."""
    return replace(view, phases={**view.phases, phase.name: phase})


def phase_over(view: MigrationView, name: Phase, seconds: float) -> MigrationView:
    """Let a phase be over, after so many seconds."""
    over = replace(
        view.phases[name],
        status="completed",
        duration_seconds=round(seconds, 3),
        progress_percent=100.0,
    )
    return with_phase(view, over)
