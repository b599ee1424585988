"""What is answered about the validation of a migration."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from sterna_api.http.table_answers import TableShown, show_table
from sterna_api.projections.migrations import KnownMigration
from sterna_core.clock import UtcDatetime
from sterna_core.migration.validation_options import KINDS, Kind, OnFailure
from sterna_core.migration.validation_view import KindStatus
from sterna_core.migration.view import MigrationView


class KindShown(Struct, frozen=True, kw_only=True):
    """What one kind of validation came to."""

    kind: Kind
    status: KindStatus
    on_failure: OnFailure
    checked: int
    failed: int
    seconds: float | UnsetType = UNSET
    finished_at: UtcDatetime | UnsetType = UNSET


class FindingShown(Struct, frozen=True, kw_only=True):
    """What was found of one thing: names, figures and digests, never contents."""

    subject: str
    passed: bool
    text: str
    figures: dict[str, Any]


class KindBody(Struct, frozen=True, kw_only=True):
    """One kind of validation, with what was found; those that did not pass come first."""

    migration_id: str
    kind: Kind
    status: KindStatus
    on_failure: OnFailure
    checked: int
    failed: int
    findings: tuple[FindingShown, ...]
    seconds: float | UnsetType = UNSET
    finished_at: UtcDatetime | UnsetType = UNSET


class SkippedShown(Struct, frozen=True, kw_only=True):
    """What was left out, why and by whom."""

    kinds: tuple[Kind, ...]
    reason: str
    by: str


class ValidationBody(Struct, frozen=True, kw_only=True):
    """Whether everything arrived: kind by kind, and table by table."""

    migration_id: str
    status: str
    kinds: tuple[KindShown, ...]
    skipped: SkippedShown | None
    certificate_id: str | None
    tables_compared: int
    tables_equal: int
    tables_total: int
    rows_compared: int
    objects_built: int
    receipts: int | None
    tables: tuple[TableShown, ...]


class SkippedBody(Struct, frozen=True, kw_only=True):
    """What is left out from now on."""

    id: str
    status: str
    skipped: tuple[Kind, ...]
    message: str


def show_validation(known: KnownMigration) -> ValidationBody:
    """Show what every kind came to."""
    view, tables = known.view, known.view.tables.values()
    skipped = view.validation
    return ValidationBody(
        migration_id=known.migration_id,
        status=_verdict(view),
        kinds=tuple(show_kind(view, kind) for kind in KINDS),
        skipped=(
            SkippedShown(
                kinds=skipped.skipped,
                reason=skipped.skip_reason or "",
                by=skipped.skipped_by or "",
            )
            if skipped.skipped
            else None
        ),
        certificate_id=view.certificate.statement.certificate_id if view.certificate else None,
        tables_compared=sum(table.compared for table in tables),
        tables_equal=sum(table.equal for table in tables),
        tables_total=len(tables),
        rows_compared=sum(table.target_rows or 0 for table in tables if table.compared),
        objects_built=view.objects_built,
        receipts=view.receipts,
        tables=tuple(show_table(table) for table in tables),
    )


def show_kind(view: MigrationView, kind: Kind) -> KindShown:
    """Show one kind in short; that of `content` is what the comparison of every row says."""
    on_failure = view.about.options.validation.on_failure(kind)
    tables = view.tables.values()
    compared = sum(table.compared for table in tables)
    equal = sum(table.equal for table in tables)
    if kind == "content":
        return KindShown(
            kind=kind,
            status=_content_status(view, compared, equal),
            on_failure=on_failure,
            checked=compared,
            failed=compared - equal,
        )
    status = view.validation.status_of(kind, view.about)
    if kind == "statistical" and status == "not_requested" and view.tables:
        # Nothing more was asked for: the comparison of the contents counts every row.
        return KindShown(
            kind=kind,
            status=_content_status(view, compared, equal),
            on_failure=on_failure,
            checked=compared,
            failed=sum(
                table.compared and table.source_rows != table.target_rows for table in tables
            ),
        )
    found = view.validation.kinds.get(kind)
    return KindShown(
        kind=kind,
        status=status,
        on_failure=on_failure,
        checked=found.checked if found else 0,
        failed=found.failed if found else 0,
        seconds=found.seconds if found else UNSET,
        finished_at=found.at if found and found.at else UNSET,
    )


def show_one_kind(known: KnownMigration, kind: Kind) -> KindBody:
    """Show one kind with its findings."""
    view = known.view
    shown = show_kind(view, kind)
    found = view.validation.kinds.get(kind)
    if found is not None:
        findings = tuple(
            FindingShown(
                subject=each.subject, passed=each.passed, text=each.text, figures=each.figures
            )
            for each in found.findings
        )
    elif kind == "statistical" and shown.status != "skipped":
        findings = tuple(
            FindingShown(
                subject=table.table_id,
                passed=table.source_rows == table.target_rows,
                text="",
                figures={"source_rows": table.source_rows, "target_rows": table.target_rows},
            )
            for table in view.tables.values()
            if table.compared
        )
    else:
        findings = ()
    return KindBody(
        migration_id=known.migration_id,
        kind=kind,
        status=shown.status,
        on_failure=shown.on_failure,
        checked=shown.checked,
        failed=shown.failed,
        findings=findings,
        seconds=shown.seconds,
        finished_at=shown.finished_at,
    )


def _content_status(view: MigrationView, compared: int, equal: int) -> KindStatus:
    phase = view.phases["validation"]
    if phase.status == "completed":
        return "passed" if equal == len(view.tables) else "failed"
    if phase.status == "failed" and equal < compared:
        return "failed"
    return "running" if compared or phase.status == "running" else "pending"


def _verdict(view: MigrationView) -> str:
    phase = view.phases["validation"]
    equal = sum(table.equal for table in view.tables.values())
    failed = any(known.failed for known in view.validation.kinds.values())
    if phase.status == "completed" and equal == len(view.tables):
        return "flagged" if failed else "passed"
    return "running" if phase.status == "running" else phase.status
