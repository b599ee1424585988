"""How far a namespace migration is: as a whole, by stage and by resource."""

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace.resource import ResourceKind

MigrationStatus = Literal[
    "draft", "validating", "pending", "in_progress", "completed", "failed", "cancelled"
]
MigrationStage = Literal[
    "namespace_setup",
    "batch_creation",
    "batch_processing",
    "cluster_execution",
    "taxonomy_enrichment",
    "benchmark_evaluation",
    "finalization",
]
STAGES: Final[tuple[MigrationStage, ...]] = get_args(MigrationStage)

WEIGHTS: Final[dict[MigrationStage, float]] = {
    "namespace_setup": 5.0,
    "batch_creation": 5.0,
    "batch_processing": 60.0,
    "cluster_execution": 10.0,
    "taxonomy_enrichment": 10.0,
    "benchmark_evaluation": 5.0,
    "finalization": 5.0,
}
"""What each stage counts for in the whole, in percent."""

Percent = Annotated[float, Meta(ge=0.0, le=100.0)]
Count = Annotated[int, Meta(ge=0)]


class StageProgress(Struct, frozen=True, kw_only=True):
    """One stage: documents are its items where documents move, and else what it goes through."""

    stage: MigrationStage
    status: MigrationStatus
    started_at: UtcDatetime | None = None
    completed_at: UtcDatetime | None = None
    progress_percent: Percent = 0.0
    items_total: Count = 0
    items_completed: Count = 0
    items_failed: Count = 0
    error_message: str | None = None


class ResourceProgress(Struct, frozen=True, kw_only=True):
    """One resource, by its id in the source."""

    resource_id: str
    resource_type: ResourceKind
    status: MigrationStatus
    progress_percent: Percent = 0.0
    error_message: str | None = None


def percent_of(done: int, total: int) -> float:
    """Give a share in percent, never above 100; of nothing everything is done."""
    return 100.0 if total <= 0 else min(100.0, round(100.0 * done / total, 2))


def overall_percent(stages: dict[MigrationStage, StageProgress]) -> float:
    """Give how far all stages are together; short of 100 until the migration is completed."""
    parts = (WEIGHTS[name] * stages[name].progress_percent / 100.0 for name in STAGES)
    return min(99.0, round(sum(parts), 2))
