"""A plan as an executor proposes it."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sterna_core.migration.plan import PhasePlan, PlanSummary, Risk, TablePlan
from sterna_executor.databases.postgresql.mapping import transformations
from sterna_executor.databases.postgresql.risk import counted, risk


class Plan(Struct, frozen=True, kw_only=True):
    """What is proposed: the tables with their mappings, and all that is said of them."""

    tables: tuple[TablePlan, ...]
    summary: PlanSummary
    phases: tuple[PhasePlan, ...]
    risks: tuple[Risk, ...]
    structure_digest: str


def summary(
    plans: tuple[TablePlan, ...], relationships: int, planned: Sequence[PhasePlan]
) -> PlanSummary:
    """Give a plan in figures."""
    return PlanSummary(
        tables=len(plans),
        columns=sum(len(plan.columns) for plan in plans),
        relationships=relationships,
        transformations=transformations(plans),
        estimated_duration_seconds=sum(phase.estimated_duration_seconds for phase in planned),
        estimated_records=sum(plan.estimated_rows for plan in plans),
        estimated_bytes=sum(plan.bytes for plan in plans),
    )


def doubts(plans: tuple[TablePlan, ...]) -> Iterator[Risk]:
    """Say which columns wait for somebody."""
    pending = [
        f"{plan.table_id}.{column.source_column}"
        for plan in plans
        for column in plan.columns
        if column.status == "pending"
    ]
    if pending:
        yield risk(
            "high",
            "values_may_not_fit",
            f"{counted(len(pending), 'column')} with values that the target may not be able to hold"
            " wait for approval",
            pending,
            "look at the evidence of each mapping; correct the values on the source, or approve",
        )
