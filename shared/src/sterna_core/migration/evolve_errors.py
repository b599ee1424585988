"""How events about errors change a run."""

from typing import assert_never

from msgspec.structs import replace

from sterna_core.migration import error_events as ee
from sterna_core.migration.data_error import DataError
from sterna_core.migration.job import CompareJob, RepairJob, ScanJob
from sterna_core.migration.run import Run


def evolve_errors(run: Run, event: ee.AnyErrorEvent) -> Run:
    """Give the run after an event about an error."""
    match event:
        case ee.ErrorEscalated():
            return _escalated(run, event)
        case ee.ErrorRetryRequested():
            known = run.errors[event.error_id]
            changed = replace(known, standing="retrying", retries=known.retries + 1)
            if event.replacement is not None:
                changed = replace(
                    changed, replacement=event.replacement, reason=event.reason, by=event.by
                )
            elif not known.replaced:
                # Otherwise what rows were given stays decided, for when they are copied again.
                changed = replace(changed, replacement=None, by=event.by)
            return _compare_anew(_with(run, event.error_id, changed), event.table_id)
        case ee.ErrorRetried():
            known = run.errors[event.error_id]
            jobs = {key: value for key, value in run.jobs.items() if key != event.task_id}
            changed = replace(known, rows=event.rows_left, standing="open")
            table = run.tables[event.table_id]
            arrived = replace(table, rows=table.rows + event.rows_copied)
            return replace(
                _with(run, event.error_id, changed),
                jobs=jobs,
                tables={**run.tables, event.table_id: arrived},
                rows=run.rows + event.rows_copied,
            )
        case ee.ErrorReplaced():
            known = run.errors[event.error_id]
            changed = replace(known, generation=event.generation, replaced=event.rows)
            if known.generation != event.generation:
                changed = replace(changed, rows=0)
            return _with(run, event.error_id, changed)
        case ee.ErrorResolved():
            known = run.errors[event.error_id]
            if event.resolution == "skip":
                changed = replace(
                    known,
                    standing="skipped",
                    reason=event.reason,
                    by=event.by,
                    # What came to nothing is not tried again on rows that are left out.
                    replacement=known.replacement if known.replaced else None,
                )
            else:
                changed = replace(known, standing="resolved", rows=0)
            return _with(run, event.error_id, changed)
        case ee.ErrorKept() | ee.ErrorRecovered():
            return run
        case ee.ErrorsAwaited():
            return replace(run, awaits_errors=True)
        case ee.ErrorThresholdReached():
            return replace(run, threshold=event.level)
    assert_never(event)


def _with(run: Run, error_id: str, error: DataError) -> Run:
    return replace(run, errors={**run.errors, error_id: error})


def _escalated(run: Run, event: ee.ErrorEscalated) -> Run:
    known = run.errors.get(event.error_id)
    skipped = known is not None and known.standing == "skipped"
    decided = known is not None and (skipped or bool(known.replaced))
    error = DataError(
        table_id=event.table_id,
        generation=event.generation,
        rows=event.rows,
        standing="skipped" if skipped else "open",
        retries=known.retries if known else 0,
        reason=known.reason if known and decided else None,
        by=known.by if known and decided else "",
        column=event.column,
        replacement=known.replacement if known else None,
        replaced=known.replaced if known and known.generation == event.generation else 0,
        chunk=event.chunk,
    )
    return _with(run, event.error_id, error)


def _compare_anew(run: Run, table_id: str) -> Run:
    """Let a table be compared from the beginning: what is being compared is forgotten."""
    table = run.tables[table_id]
    anew = replace(
        table,
        pass_number=table.pass_number + 1,
        pass_generation=0,
        proven=0,
        next_scan=0,
        scanned=0,
        verdict="none",
    )
    jobs = {
        key: value
        for key, value in run.jobs.items()
        if not (
            isinstance(value.job, ScanJob | CompareJob | RepairJob)
            and value.job.table_id == table_id
        )
    }
    return replace(run, tables={**run.tables, table_id: anew}, jobs=jobs)
