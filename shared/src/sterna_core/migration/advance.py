"""What comes next: phases, and the jobs that executors are given."""

from sterna_core.migration import events as ev
from sterna_core.migration import refusals
from sterna_core.migration import state as st
from sterna_core.migration.checkpointing import record
from sterna_core.migration.draft import Draft
from sterna_core.migration.job import (
    AnyJob,
    FenceJob,
    PlanCheckJob,
    PlanJob,
    RollbackJob,
    SnapshotJob,
    TrialJob,
)
from sterna_core.migration.next_jobs import (
    due_comparison,
    next_jobs,
    phase_is_over,
    reads_source,
)
from sterna_core.migration.plan import Mode
from sterna_core.migration.snapshots import release_snapshot
from sterna_core.migration.strategy import goes_by_changes
from sterna_core.migration.sync_events import ChangesStarted
from sterna_core.migration.syncing import finish, take_steps
from sterna_core.migration.take_back import take_back
from sterna_core.tasks.telemetry import Phase

_NEXT_PHASE: dict[Phase, Phase] = {
    "schema_migration": "data_transfer",
    "data_transfer": "validation",
    "syncing": "validation",
    "validation": "cutover",
}


def _following(phase: Phase, mode: Mode) -> Phase | None:
    if phase == "data_transfer" and mode == "incremental":
        return "syncing"
    return _NEXT_PHASE.get(phase)


def advance(draft: Draft) -> None:
    """Let follow what must follow: the next phases, dispatches and endings."""
    match draft.state:
        case st.Planning(about=about, round=number):
            draft.want(about.migration_id, PlanJob(round=number))
        case st.PlanReady() | st.Approved():
            _try(draft)
        case st.Running():
            _run(draft)
        case st.Pausing():
            if not draft.at_work:
                draft.add(ev.MigrationPaused(at=draft.at))
                record(draft, "automatic")
        case st.Cancelling(about=about, run=run):
            draft.want(about.migration_id, FenceJob(epoch=run.epoch))
        case st.RollingBack(about=about, run=run):
            draft.want(about.migration_id, RollbackJob(epoch=run.epoch))
        case st.Restoring():
            take_back(draft)
        case _:
            return


def _try(draft: Draft) -> None:
    """Have tried what people want to know of a plan, a bounded number of things at once."""
    assert isinstance(draft.state, st.PlanReady | st.Approved)
    about, number_of_round, review = (
        draft.state.about,
        draft.state.plan.round,
        draft.state.review,
    )
    wanted: list[AnyJob] = [
        TrialJob(round=number_of_round, number=trial.number) for trial in review.trials.values()
    ]
    if review.check is not None:
        check = review.check
        wanted.insert(
            0,
            PlanCheckJob(round=number_of_round, number=check.number, rehearsal=check.rehearsal),
        )
    for job in wanted:
        if draft.at_work >= about.options.parallelism:
            return
        draft.want(about.migration_id, job)


def _run(draft: Draft) -> None:
    while isinstance(draft.state, st.Running):
        state = draft.state
        if state.run.fenced != state.run.epoch:
            # Something was to be taken back and was not: nobody who was at that may write any more.
            draft.want(state.about.migration_id, FenceJob(epoch=state.run.epoch))
            return
        if take_steps(draft):
            continue
        if not phase_is_over(state.plan, state.run):
            _dispatch(draft, state)
            return
        if refusals.awaited(draft):
            return
        _end_phase(draft, state)


def _end_phase(draft: Draft, state: st.Running) -> None:
    run, at = state.run, draft.at
    seconds = (at - run.phase_started_at).total_seconds()
    if run.phase == "validation":
        release_snapshot(draft)
    if run.phase == "syncing":
        finish(draft)
    draft.add(ev.PhaseCompleted(at=at, phase=run.phase, seconds=seconds))
    record(draft, "phase")
    following = _following(run.phase, run.mode)
    if following is not None:
        draft.add(ev.PhaseStarted(at=at, phase=following))
        return
    skipped_errors, skipped_rows = refusals.skipped(draft)
    replaced_errors, replaced_rows = refusals.replaced(draft)
    draft.add(
        ev.MigrationCompleted(
            at=at,
            seconds=(at - run.started_at).total_seconds(),
            rows=run.rows,
            tables=len(run.tables),
            skipped_errors=skipped_errors,
            skipped_rows=skipped_rows,
            replaced_errors=replaced_errors,
            replaced_rows=replaced_rows,
        )
    )


def _dispatch(draft: Draft, state: st.Running) -> None:
    migration_id = state.about.migration_id
    _want_snapshot(draft, state)
    if state.run.snapshot is not None:
        for table_id in due_comparison(state.plan, state.run):
            by_changes = goes_by_changes(state.plan.tables[table_id], state.run)
            begun = ChangesStarted if by_changes else ev.ComparisonStarted
            draft.add(
                begun(
                    at=draft.at,
                    table_id=table_id,
                    pass_number=state.run.tables[table_id].pass_number + 1,
                    generation=state.run.generation,
                )
            )
    _retry_waiting(draft, migration_id)
    if not isinstance(draft.state, st.Running):
        return
    free = state.about.options.parallelism - draft.at_work
    if free <= 0:
        return
    run = draft.state.run
    for job in next_jobs(state.plan, run):
        if free <= 0:
            break
        if draft.task_of(migration_id, job) in run.jobs:
            continue
        if reads_source(job) and run.snapshot is None:
            continue
        draft.dispatch(migration_id, job)
        free -= 1


def _want_snapshot(draft: Draft, state: st.Running) -> None:
    run = state.run
    needed = run.tables and (
        run.phase in {"schema_migration", "data_transfer", "validation"}
        or (run.phase == "syncing" and run.sync.at_work)
    )
    if run.mode == "schema_only" or not needed or run.snapshot is not None:
        return
    asked = any(isinstance(each.job, SnapshotJob) for each in run.jobs.values())
    if not asked:
        draft.dispatch(
            state.about.migration_id,
            SnapshotJob(request=run.snapshot_requests + 1, run=state.plan.round),
        )


def _retry_waiting(draft: Draft, migration_id: str) -> None:
    for known in tuple(draft.jobs.values()):
        if not isinstance(draft.state, st.Running) or not draft.is_ready(known):
            continue
        run, options = draft.state.run, draft.state.about.options
        holds = isinstance(known.job, SnapshotJob)
        if not holds and draft.at_work >= options.parallelism:
            continue
        if reads_source(known.job) and run.snapshot is None:
            continue
        draft.dispatch(migration_id, known.job)
