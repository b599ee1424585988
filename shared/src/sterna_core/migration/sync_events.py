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
    """The target is being brought up to date, under a new snapshot; `number` counts from 1.

    A pass that is `comparing` compares every table, whatever its strategy.
    """

    number: int
    last: bool
    comparing: bool = True


class PassFinished(Event, frozen=True, kw_only=True, tag="pass.finished.v1"):
    """Every table holds what the source held at the snapshot of this pass, as far as it looked.

    `next_at` is when the next one begins, at once where that has passed; None after the last.
    """

    number: int
    generation: int
    seconds: float
    next_at: UtcDatetime | None


class ChangesStarted(Event, frozen=True, kw_only=True, tag="changes.started.v1"):
    """Rows that were written lately are being copied again, as their change column tells."""

    table_id: str
    pass_number: int
    generation: int


class ChangesCopied(Event, frozen=True, kw_only=True, tag="changes.copied.v1"):
    """They are in the target, with a receipt; those that were there and differed are replaced.

    `rows_read` came from the source, `rows_removed` and `rows_written` were changed on the target.
    `high_water` is the latest moment of change among all rows of the table.
    """

    task_id: str
    table_id: str
    pass_number: int
    generation: int
    rows_read: int
    rows_removed: int
    rows_written: int
    high_water: str | None


class ChangesRefused(Event, frozen=True, kw_only=True, tag="changes.refused.v1"):
    """The target did not take them, and nothing was changed: the table is compared instead."""

    task_id: str
    table_id: str
    pass_number: int
    code: str
    message: str


AnyChangesEvent = ChangesStarted | ChangesCopied | ChangesRefused
AnyPassEvent = StopRequested | PassStarted | PassFinished
AnySyncEvent = AnyPassEvent | AnyChangesEvent
