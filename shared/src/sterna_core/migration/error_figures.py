"""A migration's errors as its readers see them, folded from the events alone."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.migration import error_events as ee
from sterna_core.migration.event import Event
from sterna_core.migration.replacement import ReplacingResolution
from sterna_core.migration.set_aside import ErrorClass

ErrorStanding = Literal["escalated", "open", "resolved", "skipped"]


class ErrorLine(Struct, frozen=True, kw_only=True):
    """Rows that were refused, and what became of them; `open` while they are tried again.

    `replaced` rows are in the target with another value than the source has, by `replaced_by`.
    """

    table_id: str
    error_class: ErrorClass
    rows: int
    standing: ErrorStanding = "escalated"
    reason: str | None = None
    by: str | None = None
    replaced: int = 0
    replaced_by: ReplacingResolution | None = None


class ErrorFigures(Struct, frozen=True, kw_only=True):
    """Errors in figures: failures of tasks that were overcome, and rows that were refused."""

    recovered: int = 0
    lines: dict[str, ErrorLine] = {}

    @property
    def escalated(self) -> int:
        """How many errors somebody had to look at."""
        return len(self.lines)

    @property
    def waiting(self) -> int:
        """How many errors wait for somebody now."""
        return sum(line.standing == "escalated" for line in self.lines.values())

    @property
    def resolved(self) -> int:
        """How many errors of rows need nobody any more."""
        return sum(line.standing in {"resolved", "skipped"} for line in self.lines.values())

    @property
    def skipped_rows(self) -> int:
        """How many rows were left out, on record."""
        return sum(line.rows for line in self.lines.values() if line.standing == "skipped")

    @property
    def rows_refused(self) -> int:
        """How many rows are not in the target."""
        return sum(line.rows for line in self.lines.values() if line.standing != "resolved")

    def of_table(self, table_id: str) -> int:
        """Count the errors of a table."""
        return sum(line.table_id == table_id for line in self.lines.values())


def fold_figures(figures: ErrorFigures, event: Event) -> ErrorFigures:
    """Give the figures after an event; the same ones where it is not about errors."""
    match event:
        case ee.ErrorRecovered():
            return replace(figures, recovered=figures.recovered + event.failures)
        case ee.ErrorEscalated():
            known = figures.lines.get(event.error_id)
            skipped = known is not None and known.standing == "skipped"
            decided = known is not None and (skipped or bool(known.replaced))
            line = ErrorLine(
                table_id=event.table_id,
                error_class=event.error_class,
                rows=event.rows,
                standing="skipped" if skipped else "escalated",
                reason=known.reason if known and decided else None,
                by=known.by if known and decided else None,
                replaced=known.replaced if known else 0,
                replaced_by=known.replaced_by if known else None,
            )
        case ee.ErrorRetryRequested():
            known = figures.lines[event.error_id]
            line = replace(known, standing="open")
            if event.replacement is not None:
                line = replace(line, reason=event.reason, by=event.by)
            elif not known.replaced:
                line = replace(line, by=event.by)
        case ee.ErrorRetried():
            known = figures.lines[event.error_id]
            line = replace(known, rows=event.rows_left, standing="escalated")
        case ee.ErrorReplaced():
            known = figures.lines[event.error_id]
            line = replace(known, replaced=event.rows, replaced_by=event.resolution)
        case ee.ErrorResolved():
            known = figures.lines[event.error_id]
            if event.resolution == "skip":
                line = replace(known, standing="skipped", reason=event.reason, by=event.by)
            else:
                by = known.by if known.replaced else event.by
                line = replace(known, rows=0, standing="resolved", by=by)
        case _:
            return figures
    return replace(figures, lines={**figures.lines, event.error_id: line})
