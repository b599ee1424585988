"""How fast documents move, measured from the events alone."""

from msgspec.structs import replace

from sterna_core.migration.pace import Pace, counted, measured
from sterna_core.namespace_migration import events as ev


def fold_pace(pace: Pace, event: ev.AnyEvent) -> Pace:
    """Give the pace after an event; nothing is counted while nothing is to move."""
    match event:
        case ev.StageStarted(stage="batch_processing"):
            return replace(pace, span_began=event.at, span_rows=0, span_bytes=0)
        case ev.BatchCompleted():
            return counted(pace, event.at, rows=event.documents, size=event.bytes)
        case ev.StageCompleted(stage="batch_processing"):
            return replace(measured(pace, event.at), span_began=None)
        case (
            ev.NamespaceMigrationPaused()
            | ev.NamespaceMigrationFailed()
            | ev.NamespaceMigrationCancelled()
        ):
            return replace(pace, span_began=None, span_rows=0, span_bytes=0)
        case _:
            return pace
