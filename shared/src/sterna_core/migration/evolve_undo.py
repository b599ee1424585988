"""How a rollback that is asked for on its own changes the state."""

from sterna_core.migration import state as st
from sterna_core.migration.about import About
from sterna_core.migration.evolve_run import evolve_run
from sterna_core.migration.plan import PlanSummary
from sterna_core.migration.run import Plan, Run
from sterna_core.migration.undo import RollbackRequested


def undoing(state: st.ActiveState | st.EndingState, event: RollbackRequested) -> st.Cancelling:
    """Give the state in which the target of a run is shut, to be undone."""
    return st.Cancelling(
        about=state.about,
        plan=state.plan,
        run=evolve_run(state.run, event),
        rollback=True,
        strategy=event.strategy,
        verify=event.verify,
        ledger=event.ledger,
    )


def undoing_ended(state: st.Cancelled | st.Completed, event: RollbackRequested) -> st.Cancelling:
    """Do the same where the run is over: only its epoch is known, and nothing more is needed."""
    run = Run(
        epoch=event.epoch,
        phase="cutover",
        phase_started_at=event.at,
        started_at=event.at,
        tables={},
        order=(),
        schema_created=event.ledger,
    )
    summary = PlanSummary(
        tables=0,
        columns=0,
        relationships=0,
        transformations=0,
        estimated_duration_seconds=0,
        estimated_records=0,
        estimated_bytes=0,
    )
    plan = Plan(tables={}, digest="", structure_digest="", summary=summary, phases=(), risks=())
    return st.Cancelling(
        about=state.about,
        plan=plan,
        run=run,
        rollback=True,
        strategy=event.strategy,
        verify=event.verify,
        ledger=event.ledger,
    )


def has_ledger(about: About, run: Run) -> bool:
    """Tell whether the target holds what a rollback of a run goes by."""
    return run.schema_created and (not run.cutover_finished or about.options.keep_bookkeeping)
