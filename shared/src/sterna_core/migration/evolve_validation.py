"""How events change a migration's validation."""

from collections.abc import Iterable

from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration import state as st
from sterna_core.migration import validation_events as vev
from sterna_core.migration.job import ValidateJob
from sterna_core.migration.run import Run
from sterna_core.migration.undo_events import UndoCompleted, UndoFailed
from sterna_core.migration.validation_options import Kind
from sterna_core.migration.validation_run import KindRun, ValidationRun

OVER_ROWS: tuple[Kind, ...] = ("statistical", "referential", "semantic", "behavioral")
"""What they came to holds only for the rows that were there."""


def keep_validation(state: st.State, event: ev.AnyEvent) -> st.State:
    """Give a state, reached by an event, with its validation brought up to date."""
    if isinstance(state, st.Absent):
        return state
    if isinstance(event, vev.ValidationSkipped):
        skipped = tuple(dict.fromkeys((*state.about.validation_skipped, *event.kinds)))
        state = replace(state, about=replace(state.about, validation_skipped=skipped))
    if not isinstance(state, st.Running | st.Pausing | st.Paused | st.Failed):
        return state
    if isinstance(event, ev.MigrationStarted):
        begun = ValidationRun(
            options=state.about.options.validation, skipped=state.about.validation_skipped
        )
        return replace(state, run=replace(state.run, validation=begun))
    run = _evolve(state.run, event)
    return state if run is state.run else replace(state, run=run)


def _evolve(run: Run, event: ev.AnyEvent) -> Run:
    match event:
        case vev.ValidationChecked():
            return _checked(run, event)
        case vev.ValidationSkipped():
            skipped = tuple(dict.fromkeys((*run.validation.skipped, *event.kinds)))
            run = replace(run, validation=replace(run.validation, skipped=skipped))
            return _without_jobs(run, event.kinds)
        case UndoCompleted() | UndoFailed() if run.validation.kinds:
            # What was found holds for what was there.
            return _again(run, tuple(run.validation.kinds))
        case ev.MigrationResumed():
            return _again(run, _to_repeat(run.validation))
        case ev.SnapshotExported() | ev.TableRepaired() if run.validation.kinds:
            return _without_jobs(_again(run, OVER_ROWS), OVER_ROWS)
        case _:
            return run


def _checked(run: Run, event: vev.ValidationChecked) -> Run:
    jobs = {key: each for key, each in run.jobs.items() if key != event.task_id}
    known = run.validation.of(event.kind)
    if known.round != event.round or event.part in known.done:
        return replace(run, jobs=jobs)
    found = replace(
        known,
        done=(*known.done, event.part),
        checked=known.checked + event.checked,
        failed=known.failed + event.failed,
    )
    kinds = {**run.validation.kinds, event.kind: found}
    return replace(run, jobs=jobs, validation=replace(run.validation, kinds=kinds))


def _to_repeat(validation: ValidationRun) -> tuple[Kind, ...]:
    return tuple(
        kind
        for kind, known in validation.kinds.items()
        if known.failed and validation.options.on_failure(kind) == "fail_immediately"
    )


def _again(run: Run, kinds: Iterable[Kind]) -> Run:
    known = {kind: run.validation.of(kind) for kind in kinds}
    again = {kind: KindRun(round=each.round + 1) for kind, each in known.items()}
    if not again:
        return run
    kinds_then = {**run.validation.kinds, **again}
    return replace(run, validation=replace(run.validation, kinds=kinds_then))


def _without_jobs(run: Run, kinds: Iterable[Kind]) -> Run:
    gone = frozenset(kinds)
    jobs = {
        key: each
        for key, each in run.jobs.items()
        if not (isinstance(each.job, ValidateJob) and each.job.kind in gone)
    }
    return run if len(jobs) == len(run.jobs) else replace(run, jobs=jobs)
