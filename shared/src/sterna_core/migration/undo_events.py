"""What has happened to a part of a run that was taken back."""

from typing import Any

from sterna_core.migration.event import Event
from sterna_core.migration.undo_scope import UndoScope
from sterna_core.tasks.telemetry import Phase
from sterna_core.tasks.work import UndoStrategy


class UndoRequested(Event, frozen=True, kw_only=True, tag="undo.requested.v1"):
    """A part of the run is being taken back; `epoch` is the one that shuts the target to others."""

    scope: UndoScope
    strategy: UndoStrategy
    verify: bool
    reason: str | None
    epoch: int
    by: str


class TableUndone(Event, frozen=True, kw_only=True, tag="table.undone.v1"):
    """Chunks of a table are not in the target any more, nor are their receipts.

    Those below `below` are left, but for those in `but`; `rows` and `bytes` are theirs.
    `records_processed` and `bytes_processed` are of the whole migration, after it.
    """

    task_id: str
    table_id: str
    below: int
    but: tuple[int, ...]
    rows: int
    bytes: int
    rows_removed: int
    records_processed: int
    bytes_processed: int


class ObjectsDropped(Event, frozen=True, kw_only=True, tag="objects.dropped.v1"):
    """Objects that came after the rows are to be built again; `unfinished` with the cutover."""

    task_id: str
    object_ids: tuple[str, ...]
    dropped: int
    unfinished: bool


class UndoCompleted(Event, frozen=True, kw_only=True, tag="undo.completed.v1"):
    """The target is what it was; the migration is paused in `phase`, under `epoch`."""

    scope: UndoScope
    phase: Phase
    epoch: int
    removed: dict[str, int]


class UndoFailed(Event, frozen=True, kw_only=True, tag="undo.failed.v1"):
    """Not all could be taken back: the migration goes on from what is left, or is undone again."""

    task_id: str
    phase: Phase
    epoch: int
    code: str
    message: str
    details: dict[str, Any]


AnyUndoEvent = UndoRequested | TableUndone | ObjectsDropped | UndoCompleted | UndoFailed
