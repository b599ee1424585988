"""How each event changes the passes of a run."""

from typing import assert_never

from msgspec.structs import replace

from sterna_core.migration.sync_events import (
    AnyPassEvent,
    PassFinished,
    PassStarted,
    StopRequested,
)
from sterna_core.migration.sync_run import SyncRun


def evolve_sync(sync: SyncRun, event: AnyPassEvent) -> SyncRun:
    """Give the passes after an event."""
    match event:
        case StopRequested():
            return replace(sync, stop="at_once" if event.immediate else "asked")
        case PassStarted():
            return replace(
                sync,
                number=event.number,
                at_work=True,
                last=event.last,
                comparing=event.comparing,
                began_at=event.at,
                due_at=None,
            )
        case PassFinished():
            return replace(sync, at_work=False, due_at=event.next_at)
    assert_never(event)
