"""What is sent and answered about errors of migrations."""

from typing import Annotated

from msgspec import Meta, Struct, field

from sterna_api.http.migration_bodies import Reason, refuse_unsupported
from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX
from sterna_api.projections.migration_errors import ErrorStatus, KnownError
from sterna_core.clock import UtcDatetime
from sterna_core.migration.error_events import Resolution
from sterna_core.migration.set_aside import ErrorClass


class ErrorsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which errors to list; `table` is `schema.table` of the source."""

    status: ErrorStatus | None = None
    error_class: ErrorClass | None = field(name="class", default=None)
    table: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


class ResolveBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the rows of an error."""

    resolution: Resolution
    reason: Reason | None = None
    value: Annotated[str, Meta(max_length=10_000)] | None = None
    expression: Annotated[str, Meta(max_length=10_000)] | None = None

    def refuse_unsupported(self) -> None:
        """Refuse what would silently not happen; raises InvalidShape."""
        replaced = self.resolution in {"default", "transform"}
        instead = "change the target or the source, then retry"
        refuse_unsupported(
            {
                ("body", "resolution"): (replaced, instead),
                ("body", "value"): (self.value, instead),
                ("body", "expression"): (self.expression, instead),
            }
        )


class RetryBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the rows of an error are tried again."""

    reason: Reason | None = None


class ErrorBody(Struct, frozen=True, kw_only=True):
    """A failure of a task, or rows that were refused, without anything of their contents.

    `addresses` are those of the first rows on the source (`ctid`), `rows_left` how many are not in
    the target; both are empty for failures of tasks.
    """

    id: str
    migration_id: str
    status: ErrorStatus
    error_class: ErrorClass = field(name="class")
    code: str
    message: str
    table: str | None
    column: str | None
    constraint: str | None
    sqlstate: str | None
    chunk: int | None
    rows: int
    rows_left: int
    addresses: tuple[str, ...]
    attempts: int
    occurred_at: UtcDatetime
    updated_at: UtcDatetime
    resolution: Resolution | None
    reason: str | None
    resolved_by: str | None
    resolved_at: UtcDatetime | None


class ErrorAnswer(Struct, frozen=True, kw_only=True):
    """What was decided about an error, and how the migration is then."""

    id: str
    migration_id: str
    status: ErrorStatus
    resolution: Resolution
    migration_status: str
    message: str


def show_error(migration_id: str, known: KnownError) -> ErrorBody:
    """Show an error."""
    fields = {name: getattr(known, name) for name in known.__struct_fields__}
    return ErrorBody(migration_id=migration_id, **fields)
