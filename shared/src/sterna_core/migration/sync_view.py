"""What readers see of the passes of a migration of the mode `incremental`."""

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.clock import UtcDatetime
from sterna_core.migration import events as ev
from sterna_core.migration import sync_events as sy
from sterna_core.migration.job import SnapshotJob


class SyncedTable(Struct, frozen=True, kw_only=True):
    """What the last pass that looked at a table did, and how long that took.

    A row that was changed is both removed and written. `looked_at` is when it was begun, and
    `compared_as_of` the snapshot under which both sides were last compared as a whole.
    `rows_changed` is of the last pass that ended, each row counted once.
    """

    by_changes: bool = False
    high_water: str | None = None
    compared_as_of: UtcDatetime | None = None
    rows_written: int = 0
    rows_removed: int = 0
    seconds: float = 0.0
    looked_at: UtcDatetime | None = None
    as_of: UtcDatetime | None = None
    rows_changed: int = 0


class SyncView(Struct, frozen=True, kw_only=True):
    """How far behind its source a target is.

    The target holds what the source held at `as_of`, or a moment later: that is when the snapshot
    was asked for. `asked_at` and `snapshot_at` are of the snapshot at hand. `behind_seconds` is how
    far behind the target was just before the last pass ended, `behind_before` the same of the pass
    before that. `rows_written` and `rows_removed` are of the last pass that ended, `pass_written`
    and `pass_removed` of the one at work. `covered_seconds` lie between the snapshots of the last
    pass that ended and of the one before.
    """

    number: int = 0
    at_work: bool = False
    last: bool = False
    stopping: bool = False
    began_at: UtcDatetime | None = None
    next_at: UtcDatetime | None = None
    asked_at: UtcDatetime | None = None
    snapshot_at: UtcDatetime | None = None
    as_of: UtcDatetime | None = None
    finished: int = 0
    finished_at: UtcDatetime | None = None
    seconds: float | None = None
    behind_seconds: float | None = None
    behind_before: float | None = None
    covered_seconds: float | None = None
    rows_written: int = 0
    rows_removed: int = 0
    pass_written: int = 0
    pass_removed: int = 0
    tables: dict[str, SyncedTable] = {}


def fold_sync(known: SyncView | None, event: ev.AnyEvent) -> SyncView:
    """Give the view after an event."""
    view = known or SyncView()
    match event:
        case ev.TaskDispatched(attempt=1) if isinstance(event.job, SnapshotJob):
            # A later attempt is no news: the first one may have taken the snapshot after all.
            return replace(view, asked_at=event.at)
        case ev.SnapshotExported():
            return replace(view, snapshot_at=view.asked_at or event.at)
        case ev.PhaseCompleted(phase="data_transfer"):
            return replace(view, as_of=view.snapshot_at)
        case sy.StopRequested():
            return replace(view, stopping=True)
        case sy.PassStarted():
            return replace(
                view,
                number=event.number,
                at_work=True,
                last=event.last,
                began_at=event.at,
                next_at=None,
                pass_written=0,
                pass_removed=0,
            )
        case sy.PassFinished():
            return _finished(view, event)
        case ev.ComparisonStarted() | sy.ChangesStarted() if view.at_work:
            begun = replace(
                _of(view, event.table_id),
                looked_at=event.at,
                rows_written=0,
                rows_removed=0,
                by_changes=isinstance(event, sy.ChangesStarted),
            )
            return _with(view, event.table_id, begun)
        case sy.ChangesCopied() if view.at_work:
            return _settled(view, event, written=event.rows_written, removed=event.rows_removed)
        case ev.TableCompared() if view.at_work and event.differing_buckets == 0:
            return _settled(view, event)
        case ev.TableRepaired() if view.at_work:
            return _settled(view, event, written=event.rows_copied, removed=event.rows_deleted)
        case _:
            return view


def _finished(view: SyncView, event: sy.PassFinished) -> SyncView:
    before, now = view.as_of, view.snapshot_at
    behind = (event.at - before).total_seconds() if before else None
    covered = (now - before).total_seconds() if before and now else 0.0
    return replace(
        view,
        at_work=False,
        next_at=event.next_at,
        as_of=view.snapshot_at,
        finished=event.number,
        finished_at=event.at,
        seconds=round(event.seconds, 3),
        behind_seconds=None if behind is None else round(max(0.0, behind), 3),
        behind_before=view.behind_seconds,
        covered_seconds=round(covered, 3) if covered > 0 else None,
        rows_written=view.pass_written,
        rows_removed=view.pass_removed,
        tables={
            table_id: replace(table, rows_changed=max(table.rows_written, table.rows_removed))
            for table_id, table in view.tables.items()
        },
    )


def _settled(
    view: SyncView,
    event: ev.TableCompared | ev.TableRepaired | sy.ChangesCopied,
    *,
    written: int = 0,
    removed: int = 0,
) -> SyncView:
    table = _of(view, event.table_id)
    seconds = (event.at - table.looked_at).total_seconds() if table.looked_at else 0.0
    settled = replace(
        table,
        rows_written=table.rows_written + written,
        rows_removed=table.rows_removed + removed,
        seconds=round(max(0.0, seconds), 3),
        as_of=view.snapshot_at,
    )
    if isinstance(event, sy.ChangesCopied):
        settled = replace(settled, high_water=event.high_water)
    else:
        settled = replace(settled, compared_as_of=view.snapshot_at)
    counted = replace(
        view,
        pass_written=view.pass_written + written,
        pass_removed=view.pass_removed + removed,
    )
    return _with(counted, event.table_id, settled)


def _of(view: SyncView, table_id: str) -> SyncedTable:
    return view.tables.get(table_id, SyncedTable())


def _with(view: SyncView, table_id: str, table: SyncedTable) -> SyncView:
    return replace(view, tables={**view.tables, table_id: table})
