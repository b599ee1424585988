"""Lines of a log as Server-Sent Events: encoded once, whatever the number of followers."""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sterna_api.projections.log_lines import StoredLine
from sterna_api.projections.log_rows import EVENTS_SOURCE, LogRow
from sterna_api.streams.cursor import Cursor
from sterna_core.clock import UtcDatetime
from sterna_core.migration import events as ev
from sterna_core.migration.deletion import MigrationDeleted
from sterna_core.migration.narrate import LogPhase
from sterna_core.migration.undo import RollbackRequested
from sterna_core.migration.undo_events import UndoFailed, UndoRequested
from sterna_core.namespace_migration import events as nev

FINAL_STATUSES: frozenset[str] = frozenset(
    ("completed", "failed", "cancelled", "rolled_back", "rollback_failed")
)
"""Nothing more happens in these unless somebody asks for it."""

HEARTBEAT = b": heartbeat\n\n"


class Frame(Struct, frozen=True):
    """One Server-Sent Event, with what followers filter by."""

    data: bytes
    cursor: Cursor
    """How far somebody is who has had this frame and all before it."""
    at: UtcDatetime
    level: int | None
    phase: LogPhase | None
    status: str | None = None
    """The final status that this line announces, or `open` where work goes on after one."""


def frame_of(line: LogRow | StoredLine, reached: Cursor, *, status: str | None = None) -> Frame:
    """Encode a line, for somebody who has `reached` everything before it."""
    if line.source == EVENTS_SOURCE:
        cursor = (
            replace(reached, events=line.position + 1, place=0)
            if line.closes
            else replace(reached, events=line.position, place=line.place + 1)
        )
    else:
        cursor = replace(reached, telemetry=line.position + 1)
    kind = "progress" if line.level is None else "log"
    data = encode(kind, cursor, line.document)
    return Frame(data, cursor, line.at, line.level, line.phase, status)


def end_frame(cursor: Cursor, status: str) -> bytes:
    """Encode the last event of a stream."""
    return encode("end", replace(cursor, ended=True), msgspec.json.encode({"status": status}))


def encode(kind: str, cursor: Cursor, document: bytes) -> bytes:
    """Encode an event; `document` is JSON, which holds no line break."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (str(cursor).encode(), kind.encode(), document)


def status_told(event: object) -> str | None:
    """Say whether an event ends the work on a migration, or lets it go on after an end."""
    match event:
        case ev.MigrationCompleted() | nev.NamespaceMigrationCompleted():
            return "completed"
        case (
            ev.MigrationFailed()
            | ev.RollbackFailed()
            | UndoFailed()
            | nev.NamespaceMigrationFailed()
        ):
            return "failed"
        case (
            ev.MigrationCancelled() | nev.NamespaceMigrationCancelled(epoch=0) | nev.TargetFenced()
        ):
            return "cancelled"
        case ev.RollbackCompleted() | nev.NamespaceMigrationRolledBack():
            return "rolled_back"
        case nev.RollbackFailed():
            return "rollback_failed"
        case MigrationDeleted() | nev.NamespaceMigrationDeleted():
            return "deleted"
        case (
            ev.MigrationResumed()
            | ev.CancelRequested()
            | ev.RollbackStarted()
            | RollbackRequested()
            | UndoRequested()
            | nev.NamespaceMigrationResumed()
            | nev.NamespaceMigrationCancelled()
            | nev.RollbackRequested()
        ):
            return "open"
        case _:
            return None
