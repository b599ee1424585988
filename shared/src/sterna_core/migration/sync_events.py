"""What happens to a migration of the mode `incremental` between its copy and its end."""

from sterna_core.clock import UtcDatetime
from sterna_core.migration.event import Event


class StopRequested(Event, frozen=True, kw_only=True, tag="migration.stop_requested.v1"):
    """The target is to be brought up to date for the last time, and to be made ready for use.

    `immediate` gives up the pass at hand for the last one.
    """

    by: str
    immediate: bool


class PassStarted(Event, frozen=True, kw_only=True, tag="pass.started.v1"):
    """The target is being brought up to date, under a new snapshot; `number` counts from 1."""

    number: int
    last: bool


class PassFinished(Event, frozen=True, kw_only=True, tag="pass.finished.v1"):
    """Every table holds what the source held at the snapshot of this pass.

    `next_at` is when the next one begins; None where this was the last.
    """

    number: int
    generation: int
    seconds: float
    next_at: UtcDatetime | None


AnySyncEvent = StopRequested | PassStarted | PassFinished
