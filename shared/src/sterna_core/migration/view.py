"""The read model of a migration: what a GET answers from."""

from typing import Literal

from msgspec import Struct

from sterna_core.certificate.signing import Signature
from sterna_core.certificate.statement import Statement
from sterna_core.clock import UtcDatetime
from sterna_core.migration import events as ev
from sterna_core.migration.about import About
from sterna_core.migration.check_view import CheckView
from sterna_core.migration.error_figures import ErrorFigures
from sterna_core.migration.incremental import TableSync
from sterna_core.migration.pace import Pace
from sterna_core.migration.plan import PhasePlan, PlanSummary, Risk
from sterna_core.migration.review import Difference
from sterna_core.migration.rollback_view import RollbackView
from sterna_core.migration.status import Status
from sterna_core.migration.sync_view import SyncView
from sterna_core.migration.validation_view import ValidationView
from sterna_core.tasks.telemetry import Phase

PhaseStatus = Literal["pending", "running", "completed", "failed"]
PlanStatus = Literal["generating", "failed", "pending_approval", "approved"]
PHASES: tuple[Phase, ...] = (
    "planning",
    "schema_migration",
    "data_transfer",
    "syncing",
    "validation",
    "cutover",
)
"""All phases in order; `syncing` is left out of every mode but `incremental`."""


class PhaseView(Struct, frozen=True, kw_only=True):
    """One phase, with its duration when it is over and its percentage while it is not."""

    name: Phase
    status: PhaseStatus = "pending"
    started_at: UtcDatetime | None = None
    duration_seconds: float | None = None
    progress_percent: float = 0.0


class TableView(Struct, frozen=True, kw_only=True):
    """One table: what was copied, and what the last comparison said."""

    table_id: str
    target: str
    estimated_rows: int
    chunks: int
    chunks_copied: int = 0
    rows: int = 0
    bytes: int = 0
    rows_repaired: int = 0
    errors: int = 0
    began_at: UtcDatetime | None = None
    copied_at: UtcDatetime | None = None
    compared: bool = False
    equal: bool = False
    source_rows: int | None = None
    target_rows: int | None = None
    source_digest: str | None = None
    target_digest: str | None = None
    sync: TableSync | None = None


class FailureView(Struct, frozen=True, kw_only=True):
    """Why the migration stopped."""

    code: str
    message: str
    phase: Phase
    table: str | None
    at: UtcDatetime
    differences: tuple[Difference, ...] = ()


class IssuedCertificate(Struct, frozen=True, kw_only=True):
    """What was signed at the end."""

    statement: Statement
    signature: Signature


class MigrationView(Struct, frozen=True, kw_only=True):
    """A migration as its readers see it."""

    about: About
    status: Status = "pending"
    phase: Phase = "planning"
    phases: dict[Phase, PhaseView]
    plan_status: PlanStatus = "generating"
    plan_digest: str | None = None
    plan_generated_at: UtcDatetime | None = None
    summary: PlanSummary | None = None
    phase_plans: tuple[PhasePlan, ...] = ()
    risks: tuple[Risk, ...] = ()
    pending_mappings: int = 0
    check: CheckView | None = None
    dry_run: CheckView | None = None
    tables: dict[str, TableView] = {}
    objects: int = 0
    objects_built: int = 0
    records_processed: int = 0
    bytes_processed: int = 0
    errors_recovered: int = 0
    errors_escalated: int = 0
    snapshots: int = 0
    started_at: UtcDatetime | None = None
    finished_at: UtcDatetime | None = None
    updated_at: UtcDatetime
    failure: FailureView | None = None
    rollback: bool = False
    receipts: int | None = None
    certificate: IssuedCertificate | None = None
    pace: Pace = Pace()
    undone: RollbackView | None = None
    errors: ErrorFigures = ErrorFigures()
    validation: ValidationView = ValidationView()
    sync: SyncView | None = None

    @property
    def order(self) -> tuple[Phase, ...]:
        """The phases that this migration has, in order."""
        return tuple(name for name in PHASES if name in self.phases)

    @property
    def records_total(self) -> int:
        """Rows in all, as the plan estimates them."""
        return self.summary.estimated_records if self.summary else 0

    @property
    def why_no_certificate(self) -> tuple[str, str]:
        """The reason, as a word and in words, why there is no certificate (if there is none)."""
        if self.status != "completed":
            return "not_completed", "A certificate is issued when a migration completes."
        not_proven = self.validation.why_not_proven(self.about)
        if not_proven is not None:
            return not_proven
        return "not_signed", "No key to sign with was set when the migration completed."


def first_view(event: ev.MigrationCreated) -> MigrationView:
    """Give the view of a migration that was just created."""
    syncs = event.about.options.mode == "incremental"
    phases = {name: PhaseView(name=name) for name in PHASES if syncs or name != "syncing"}
    phases["planning"] = PhaseView(name="planning", status="running", started_at=event.at)
    return MigrationView(about=event.about, phases=phases, updated_at=event.at)
