from collections.abc import AsyncIterator
from datetime import UTC, datetime

from sterna_api.projections.log_lines import LogLines, StoredLine
from sterna_api.projections.log_rows import EVENTS_SOURCE, TELEMETRY_SOURCE
from sterna_api.streams.cursor import Cursor
from sterna_api.streams.frame import Frame, frame_of

_BEGINNING = datetime.min.replace(tzinfo=UTC)


async def frames_between(
    lines: LogLines, org_id: str, migration_id: str, start: Cursor, end: Cursor
) -> AsyncIterator[Frame]:
    """Give the stored frames from one cursor on, before another.

    Each source comes in its own order, whatever its clocks say; between the two, time decides.
    """
    events = _Source(
        lines.pages(
            org_id,
            migration_id,
            EVENTS_SOURCE,
            start=(start.events, start.place),
            end=end.events,
        )
    )
    telemetry = _Source(
        lines.pages(
            org_id, migration_id, TELEMETRY_SOURCE, start=(start.telemetry, 0), end=end.telemetry
        )
    )
    reached = start
    await events.advance()
    await telemetry.advance()
    while events.head is not None or telemetry.head is not None:
        first = telemetry if events.head is None else events
        if telemetry.head is not None and telemetry.at < events.at and events.head is not None:
            first = telemetry
        assert first.head is not None
        frame = frame_of(first.head, reached)
        reached = frame.cursor
        yield frame
        await first.advance()


class _Source:
    """The lines of one source, with a time that never goes back."""

    def __init__(self, lines: AsyncIterator[StoredLine]) -> None:
        self._lines = lines
        self.head: StoredLine | None = None
        self.at = _BEGINNING

    async def advance(self) -> None:
        self.head = await anext(self._lines, None)
        if self.head is not None:
            self.at = max(self.at, self.head.at)
