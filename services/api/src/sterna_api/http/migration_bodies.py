"""What is sent about migrations."""

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sterna_api.http.connection_bodies import Description, Identifier, Name
from sterna_api.http.notification_bodies import NotificationsBody
from sterna_api.http.paging import LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX
from sterna_api.http.problem import InvalidShape, Problem
from sterna_api.http.schedule_bodies import ScheduleBody
from sterna_api.projections.migrations import Order, Sort
from sterna_core.clock import UtcDatetime
from sterna_core.migration.about import MEBIBYTE
from sterna_core.migration.choosing import CHOICES_MAX
from sterna_core.migration.incremental import IncrementalOptions
from sterna_core.migration.plan import ColumnChoice, Mode, Selection
from sterna_core.migration.status import Status
from sterna_core.migration.thresholds import Thresholds
from sterna_core.migration.validation_options import ValidationOptions
from sterna_core.tasks.telemetry import Level, Phase

ConnectionId = Annotated[str, Meta(min_length=1, max_length=100)]
Glob = Annotated[str, Meta(min_length=1, max_length=200)]
Expression = Annotated[str, Meta(min_length=1, max_length=10_000)]
Reason = Annotated[str, Meta(max_length=2_000)]


class SourceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is migrated; no `schemas` means every one that is not the system's."""

    connection_id: ConnectionId
    schemas: Annotated[list[Identifier], Meta(max_length=1_000)] = []
    exclude_tables: Annotated[list[Glob], Meta(max_length=1_000)] = []


class ColumnChoiceBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a column goes whatever its name is; `target_column` null is nowhere.

    `table` is `schema.table` of the source.
    """

    table: Annotated[str, Meta(min_length=3, max_length=200)]
    column: Identifier
    target_column: Identifier | None


ColumnChoices = Annotated[list[ColumnChoiceBody], Meta(max_length=CHOICES_MAX)]


class TargetBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it goes; without `schema` each schema keeps its name. `columns` is for `data_only`."""

    connection_id: ConnectionId
    schema: Identifier | None = None
    columns: ColumnChoices = []


def choices_of(bodies: Iterable[ColumnChoiceBody]) -> tuple[ColumnChoice, ...]:
    """Read where columns are to go; the last word for a column counts."""
    choices = tuple(
        ColumnChoice(
            table_id=each.table,
            source_column=each.column,
            target_column=each.target_column or "",
        )
        for each in bodies
    )
    return Selection().choosing(choices).choices


class OptionsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it is carried out; see `sterna_core.migration.about.Options`."""

    mode: Mode = "full"
    parallelism: Annotated[int, Meta(ge=1, le=64)] = 4
    batch_size: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    chunk_bytes: Annotated[int, Meta(ge=65_536, le=1024 * MEBIBYTE)] = 64 * MEBIBYTE
    auto_approve_above: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.95
    generate_rollback: bool = True
    snapshot_keep_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 3_600
    keep_bookkeeping: bool = False
    thresholds: Thresholds = Thresholds()
    validation: ValidationOptions = ValidationOptions()
    incremental: IncrementalOptions | None = None

    def refuse_contradiction(self) -> None:
        """Refuse what cannot be meant together; raises InvalidShape."""
        if self.incremental is not None and self.mode != "incremental":
            msg = "These options are for the mode incremental; leave them out"
            raise InvalidShape([Problem(("body", "options", "incremental"), msg, "contradiction")])


class CreateMigrationBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A migration to make."""

    name: Name
    description: Description = ""
    source: SourceBody
    target: TargetBody
    options: OptionsBody = OptionsBody()
    schedule: ScheduleBody | None = None
    notifications: NotificationsBody | None = None


class StartBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to start."""

    skip_approval: bool = False
    start_from_phase: Phase | None = None
    dry_run: bool = False

    def refuse_contradiction(self) -> None:
        """Refuse what cannot be meant together; raises InvalidShape."""
        if self.dry_run and self.start_from_phase is not None:
            msg = "A dry run looks at the whole migration; leave this out"
            raise InvalidShape([Problem(("body", "start_from_phase"), msg, "contradiction")])


class PauseBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to pause."""

    reason: Reason | None = None
    immediate: bool = False


class ResumeBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing needs to be said to resume."""


class CancelBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to cancel."""

    reason: Reason | None = None
    rollback: bool = False
    force: bool = False


class ApproveBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody thinks of a mapping."""

    approved: bool
    override_transformation: Expression | None = None
    comment: Reason | None = None


SortAsked = Literal["created_at", "started_at", "name", "-created_at", "-started_at", "-name"]
SORT_FIELDS: dict[SortAsked, Sort] = {
    "created_at": "created_at",
    "-created_at": "created_at",
    "started_at": "started_at",
    "-started_at": "started_at",
    "name": "name",
    "-name": "name",
}


class ListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which migrations to list; a minus before the field to sort by says `desc`."""

    status: Status | None = None
    source_id: ConnectionId | None = None
    target_id: ConnectionId | None = None
    created_after: UtcDatetime | None = None
    created_before: UtcDatetime | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0
    sort: SortAsked = "created_at"
    order: Order = "desc"

    @property
    def field(self) -> Sort:
        """What to sort by."""
        return SORT_FIELDS[self.sort]

    @property
    def direction(self) -> Order:
        """In which direction."""
        return "desc" if self.sort.startswith("-") else self.order


class LogsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines of a log to give."""

    level: Level | None = None
    phase: Phase | None = None
    since: UtcDatetime | None = None
    follow: bool = False
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100
    last_event_id: Annotated[str, Meta(max_length=64)] | None = None
