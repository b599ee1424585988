"""What has happened to rows that were refused, and to work that was tried again."""

from typing import Literal

from sterna_core.migration.event import Event
from sterna_core.migration.replacement import AnyReplacement, ReplacingResolution
from sterna_core.migration.set_aside import ErrorClass

Resolution = Literal["retry", "skip", "default", "transform", "escalate"]
ThresholdLevel = Literal["alert", "pause", "fail"]


class ErrorEscalated(Event, frozen=True, kw_only=True, tag="error.escalated.v1"):
    """Rows of a table were refused for one reason and set aside: somebody has to decide.

    `error_id` is the same whenever these rows are refused for that reason; a repeat gives their
    number anew. `chunk` is None where a repair met them. Nothing here is of their contents.
    """

    error_id: str
    table_id: str
    chunk: int | None
    generation: int
    error_class: ErrorClass
    sqlstate: str
    column: str | None
    constraint: str | None
    rows: int
    addresses: tuple[str, ...]


class ErrorRetryRequested(Event, frozen=True, kw_only=True, tag="error.retry_requested.v1"):
    """The rows of an error will be tried again; the table is compared anew afterwards.

    What is refused again gets what `replacement` says.
    """

    error_id: str
    table_id: str
    reason: str | None
    by: str
    replacement: AnyReplacement | None = None


class ErrorRetried(Event, frozen=True, kw_only=True, tag="error.retried.v1"):
    """The rows of an error were tried again: so many arrived, and so many are still set aside.

    `code` and `refusal` say why a replacement cannot be carried out, where it cannot.
    """

    task_id: str
    error_id: str
    table_id: str
    rows_copied: int
    rows_left: int
    code: str | None = None
    refusal: str = ""


class ErrorReplaced(Event, frozen=True, kw_only=True, tag="error.replaced.v1"):
    """So many rows of an error are in the target with another value than the source has.

    That is all of them, under the snapshot of a generation; 0 where there are none any more.
    """

    error_id: str
    table_id: str
    generation: int
    resolution: ReplacingResolution
    rows: int


class ErrorResolved(Event, frozen=True, kw_only=True, tag="error.resolved.v1"):
    """An error needs nobody any more.

    With `skip` its rows stay out of the target, on record; with `default` and `transform` some have
    arrived with another value; otherwise they have arrived, or are not in the source any more.
    """

    error_id: str
    table_id: str
    resolution: Resolution
    rows: int
    reason: str | None
    by: str


class ErrorKept(Event, frozen=True, kw_only=True, tag="error.kept.v1"):
    """Somebody has looked at an error and left it to others."""

    error_id: str
    table_id: str
    reason: str | None
    by: str


class ErrorRecovered(Event, frozen=True, kw_only=True, tag="error.recovered.v1"):
    """A task that had failed before has succeeded."""

    task_id: str
    failures: int


class ErrorsAwaited(Event, frozen=True, kw_only=True, tag="error.awaited.v1"):
    """All else is copied and compared: the migration waits until the open errors are resolved."""

    errors: int
    rows: int


class ErrorThresholdReached(Event, frozen=True, kw_only=True, tag="error.threshold_reached.v1"):
    """More was refused than the migration's thresholds allow."""

    level: ThresholdLevel
    measure: Literal["error_rate_percent", "escalated_errors"]
    value: float
    limit: float


AnyErrorEvent = (
    ErrorEscalated
    | ErrorRetryRequested
    | ErrorRetried
    | ErrorReplaced
    | ErrorResolved
    | ErrorKept
    | ErrorRecovered
    | ErrorsAwaited
    | ErrorThresholdReached
)
