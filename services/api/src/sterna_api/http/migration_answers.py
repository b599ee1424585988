"""What is answered about migrations."""

from msgspec import UNSET, Struct, UnsetType

from sterna_api.http.eta import average_rate, eta_of, rate_now
from sterna_api.http.quality import ExemptRows, exceptions_of
from sterna_api.http.schedule_answers import ScheduleShown, schedule_line
from sterna_api.projections.migrations import KnownMigration
from sterna_core.clock import UtcDatetime
from sterna_core.migration.about import Options, Party
from sterna_core.migration.check_view import CheckView
from sterna_core.migration.notifications import Notifications
from sterna_core.migration.plan import Selection
from sterna_core.migration.status import Status
from sterna_core.migration.view import (
    FailureView,
    MigrationView,
    PhaseStatus,
    PhaseView,
)
from sterna_core.tasks.telemetry import Phase

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


class SourceShown(Struct, frozen=True):
    """What is migrated."""

    connection_id: str
    connection_name: str
    schemas: tuple[str, ...]
    tables_count: int | None


class ChoiceShown(Struct, frozen=True):
    """Where a person wants a column to go; no `target_column` is nowhere."""

    table: str
    column: str
    target_column: str | None


class TargetShown(Struct, frozen=True):
    """Where it goes."""

    connection_id: str
    connection_name: str
    schema: str | None
    columns: tuple[ChoiceShown, ...] = ()


class Links(Struct, frozen=True):
    """Where the rest of a migration is."""

    self: str
    plan: str
    start: str
    logs: str


class PlanLine(Struct, frozen=True):
    """How far the plan is."""

    status: str
    estimated_completion: UtcDatetime | None


class PhaseShown(Struct, frozen=True):
    """One phase: its duration when it is over, its percentage while it runs."""

    name: Phase
    status: PhaseStatus
    duration_seconds: float | UnsetType = UNSET
    progress_percent: int | UnsetType = UNSET


class Progress(Struct, frozen=True):
    """How far a migration is."""

    overall_percent: int
    current_phase: Phase
    phases: tuple[PhaseShown, ...]


class Metrics(Struct, frozen=True):
    """A migration in figures; the rate is the last that was measured while rows are copied, then the average."""

    records_processed: int
    records_total: int
    bytes_transferred: str
    bytes_processed: int
    throughput_records_per_second: int
    errors_recovered: int
    errors_escalated: int
    snapshots: int


class Timing(Struct, frozen=True):
    """A migration in time."""

    created_at: UtcDatetime
    started_at: UtcDatetime | None
    completed_at: UtcDatetime | None
    estimated_completion: UtcDatetime | None
    elapsed_seconds: int


class MigrationBody(Struct, frozen=True, kw_only=True):
    """A migration."""

    id: str
    name: str
    description: str
    status: Status
    phase: Phase
    created_at: UtcDatetime
    created_by: str
    source: SourceShown
    target: TargetShown
    options: Options
    notifications: Notifications | None
    plan: PlanLine
    progress: Progress
    metrics: Metrics
    timing: Timing
    error: FailureView | None
    dry_run: CheckView | None
    exceptions: tuple[ExemptRows, ...]
    schedule: ScheduleShown | None
    links: Links


class CreatedBody(Struct, frozen=True, kw_only=True):
    """A migration that was just created."""

    id: str
    name: str
    status: Status
    created_at: UtcDatetime
    created_by: str
    source: SourceShown
    target: TargetShown
    plan: PlanLine
    links: Links


def links_of(migration_id: str) -> Links:
    """Give where the rest of a migration is."""
    one = f"/v1/migrations/{migration_id}"
    return Links(one, f"{one}/plan", f"{one}/start", f"{one}/logs")


def source_of(party: Party, schemas: tuple[str, ...], tables: int | None) -> SourceShown:
    """Show a source, without what enters it."""
    return SourceShown(party.endpoint.connection_id, party.connection_name, schemas, tables)


def target_of(party: Party, selection: Selection) -> TargetShown:
    """Show a target, without what enters it."""
    return TargetShown(
        party.endpoint.connection_id,
        party.connection_name,
        selection.target_schema,
        tuple(
            ChoiceShown(each.table_id, each.source_column, each.target_column or None)
            for each in selection.choices
        ),
    )


def show_migration(known: KnownMigration, now: UtcDatetime) -> MigrationBody:
    """Show a migration as of a moment."""
    view, about = known.view, known.view.about
    tables = view.summary.tables if view.summary else None
    rate = rate_now(view, now) or average_rate(view, now)
    return MigrationBody(
        id=known.migration_id,
        name=about.name,
        description=about.description,
        status=view.status,
        phase=view.phase,
        created_at=about.created_at,
        created_by=about.created_by,
        source=source_of(about.source, about.selection.schemas, tables),
        target=target_of(about.target, about.selection),
        options=about.options,
        notifications=about.notifications,
        plan=PlanLine(view.plan_status, None),
        progress=Progress(
            known.percent, view.phase, tuple(_phase(view.phases[name]) for name in view.order)
        ),
        metrics=Metrics(
            records_processed=view.records_processed,
            records_total=view.records_total,
            bytes_transferred=size_text(view.bytes_processed),
            bytes_processed=view.bytes_processed,
            throughput_records_per_second=int(rate),
            errors_recovered=view.errors_recovered,
            errors_escalated=view.errors_escalated,
            snapshots=view.snapshots,
        ),
        timing=_timing(view, now),
        error=view.failure,
        dry_run=view.dry_run,
        exceptions=exceptions_of(view),
        schedule=schedule_line(known.migration_id, view, now),
        links=links_of(known.migration_id),
    )


def size_text(size: int) -> str:
    """Say a number of bytes as a person would."""
    amount, unit = float(size), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{size} B" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def _phase(view: PhaseView) -> PhaseShown:
    return PhaseShown(
        view.name,
        view.status,
        UNSET if view.duration_seconds is None else view.duration_seconds,
        int(view.progress_percent) if view.status == "running" else UNSET,
    )


def _timing(view: MigrationView, now: UtcDatetime) -> Timing:
    end = view.finished_at or now
    elapsed = (end - view.started_at).total_seconds() if view.started_at else 0.0
    return Timing(
        created_at=view.about.created_at,
        started_at=view.started_at,
        completed_at=view.finished_at,
        estimated_completion=eta_of(view, now),
        elapsed_seconds=max(0, int(elapsed)),
    )
