"""How each event changes a table of a run."""

from typing import assert_never

from msgspec.structs import replace

from sterna_core.migration import events as ev
from sterna_core.migration.job import (
    Assignment,
    ChangesJob,
    CompareJob,
    RepairJob,
    RetryJob,
    ScanJob,
)
from sterna_core.migration.run import Run, TableRun
from sterna_core.migration.sync_events import (
    AnyChangesEvent,
    ChangesCopied,
    ChangesRefused,
    ChangesStarted,
)

TableEvent = (
    ev.ChunkCopied
    | ev.ComparisonStarted
    | ev.RangeScanned
    | ev.TableCompared
    | ev.TableRepaired
    | AnyChangesEvent
)


def evolve_table(run: Run, event: TableEvent) -> Run:
    """Give the run after an event about one of its tables."""
    table = run.tables[event.table_id]
    tables = {**run.tables, event.table_id: _table(table, event)}
    if isinstance(event, ev.ComparisonStarted | ChangesStarted):
        return replace(run, tables=tables, jobs=_without_comparisons(run, event.table_id))
    jobs = {key: value for key, value in run.jobs.items() if key != event.task_id}
    if isinstance(event, ev.ChunkCopied):
        return replace(
            run,
            tables=tables,
            jobs=jobs,
            rows=run.rows + event.rows,
            bytes=run.bytes + event.bytes,
        )
    return replace(run, tables=tables, jobs=jobs)


def _without_comparisons(run: Run, table_id: str) -> dict[str, Assignment]:
    return {
        key: value
        for key, value in run.jobs.items()
        if not (
            isinstance(value.job, ScanJob | CompareJob | RepairJob | RetryJob | ChangesJob)
            and value.job.table_id == table_id
        )
    }


def _table(table: TableRun, event: TableEvent) -> TableRun:
    match event:
        case ev.ChunkCopied():
            return replace(
                table,
                copied_chunks=table.copied_chunks + 1,
                rows=table.rows + event.rows,
                bytes=table.bytes + event.bytes,
            )
        case ev.ComparisonStarted():
            return replace(
                table,
                pass_number=event.pass_number,
                pass_generation=event.generation,
                next_scan=0,
                scanned=0,
                verdict="none",
                by_changes=False,
                # What follows is more than the change column tells: it is asked again from there.
                high_water=None,
            )
        case ChangesStarted():
            return replace(
                table,
                pass_number=event.pass_number,
                pass_generation=event.generation,
                verdict="none",
                by_changes=True,
            )
        case ChangesCopied():
            return replace(table, generation=event.generation, high_water=event.high_water)
        case ChangesRefused():
            return replace(
                table,
                refused_changes=table.pass_generation,
                pass_generation=0,
                by_changes=False,
            )
        case ev.RangeScanned():
            return replace(table, scanned=table.scanned + 1)
        case ev.TableCompared() if event.differing_buckets == 0:
            return replace(
                table,
                verdict="equal",
                generation=event.generation,
                proven=event.generation,
                compared_rows=event.target_rows,
                proof=replace(event.proof, leaves=b"") if event.proof else None,
            )
        case ev.TableCompared():
            return replace(table, verdict="differs")
        case ev.TableRepaired():
            return replace(table, verdict="none", generation=event.generation, pass_generation=0)
    assert_never(event)
