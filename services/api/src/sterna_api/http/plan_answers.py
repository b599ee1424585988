"""What is answered about plans."""

from collections.abc import Iterable, Iterator

from msgspec import UNSET, Struct, UnsetType

from sterna_api.projections.migrations import KnownMigration
from sterna_core.clock import UtcDatetime
from sterna_core.migration.incremental import Strategy, TableSync
from sterna_core.migration.plan import (
    MappingStatus,
    PhasePlan,
    PlanSummary,
    Risk,
    Score,
    TablePlan,
    Trial,
)
from sterna_core.migration.strategy import strategy_of
from sterna_core.migration.view import PlanStatus


class ColumnShown(Struct, frozen=True):
    """One column of one table; no column where a mapping has no counterpart."""

    schema: str
    table: str
    column: str | None
    type: str | None


class MappingShown(Struct, frozen=True):
    """Where one column goes."""

    id: str
    source: ColumnShown
    target: ColumnShown
    transformation: str
    confidence: float
    evidence: str
    status: MappingStatus
    copied: bool
    overridden: bool
    comment: str | None
    reviewed_by: str | None
    trial: Trial | None
    score: Score | None


class SyncShown(Struct, frozen=True):
    """How passes bring one table up to date, in the mode `incremental`, and why so."""

    table: str
    strategy: Strategy
    change_column: str | None
    reason: str


class PlanBody(Struct, frozen=True, kw_only=True):
    """A plan; without mappings while it is being made."""

    migration_id: str
    status: PlanStatus
    generated_at: UtcDatetime | None
    digest: str | None
    summary: PlanSummary | UnsetType
    mappings: tuple[MappingShown, ...]
    mappings_pending: int
    phases: tuple[PhasePlan, ...]
    risks: tuple[Risk, ...]
    sync: tuple[SyncShown, ...] | UnsetType = UNSET


def show_plan(known: KnownMigration, tables: Iterable[TablePlan]) -> PlanBody:
    """Show a plan."""
    view, tables = known.view, tuple(tables)
    sync = tuple(
        _sync(each.table_id, strategy_of(each)) for each in tables if each.sync is not None
    )
    mappings = tuple(mappings_of(tables)) if view.summary is not None else ()
    return PlanBody(
        migration_id=known.migration_id,
        status=view.plan_status,
        generated_at=view.plan_generated_at,
        digest=view.plan_digest,
        summary=UNSET if view.summary is None else view.summary,
        mappings=mappings,
        mappings_pending=sum(mapping.status != "approved" for mapping in mappings),
        phases=view.phase_plans,
        risks=view.risks,
        sync=sync or UNSET,
    )


def _sync(table_id: str, how: TableSync) -> SyncShown:
    return SyncShown(table_id, how.strategy, how.change_column, how.reason)


def mappings_of(tables: Iterable[TablePlan]) -> Iterator[MappingShown]:
    """Show the mappings of a plan, table by table."""
    for table in tables:
        for column in table.columns:
            yield MappingShown(
                id=column.mapping_id,
                source=ColumnShown(
                    table.source_schema,
                    table.source_table,
                    column.source_column,
                    column.source_type,
                ),
                target=ColumnShown(
                    table.target_schema,
                    table.target_table,
                    column.target_column or None,
                    column.target_type or None,
                ),
                transformation=column.transformation,
                confidence=column.confidence,
                evidence=column.evidence,
                status=column.status,
                copied=column.copied,
                overridden=column.overridden,
                comment=column.comment,
                reviewed_by=column.reviewed_by,
                trial=column.trial,
                score=column.score,
            )
