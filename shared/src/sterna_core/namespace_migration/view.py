"""What is shown of a namespace migration, folded from its events."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.ids import NAMESPACE_MIGRATION, TASK
from sterna_core.migration.pace import Pace
from sterna_core.namespace_migration.batch import Poison
from sterna_core.namespace_migration.benchmark_report import BenchmarkReport
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.graph import Graph
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.progress import (
    MigrationStage,
    MigrationStatus,
    ResourceProgress,
    StageProgress,
)
from sterna_core.namespace_migration.references_report import ReferencesReport
from sterna_core.namespace_migration.validating import ValidationResult

Phase = Literal["pausing", "paused", "cancelling", "rolling_back", "rolled_back", "rollback_failed"]
"""What the seven statuses do not tell apart."""


class CollectionFigures(Struct, frozen=True, kw_only=True):
    """What of a collection was planned, and moved.

    `left_out` are documents that were not wanted, `undated` those of them that have no date.
    """

    batches: int = 0
    batches_done: int = 0
    documents: int = 0
    moved: int = 0
    set_aside: int = 0
    bytes: int = 0
    began_at: UtcDatetime | None = None
    moved_at: UtcDatetime | None = None
    """When the last of its batches was moved."""
    left_out: int = 0
    undated: int = 0


class Rollback(Struct, frozen=True, kw_only=True):
    """How a migration is rolled back; `aliases` says where each led afterwards."""

    requested_at: UtcDatetime
    requested_by: str
    reason: str | None = None
    drops_target: bool = False
    finished_at: UtcDatetime | None = None
    aliases: dict[str, str] = {}
    error_code: str | None = None
    error_message: str | None = None


class NamespaceMigrationView(Struct, frozen=True, kw_only=True):
    """A namespace migration as it is shown."""

    migration_id: str
    org_id: str
    config: MigrationConfig
    source: Place
    target: Place
    status: MigrationStatus
    created_at: UtcDatetime
    created_by: str
    updated_at: UtcDatetime
    result: ValidationResult
    graph: Graph | None = None
    phase: Phase | None = None
    current_stage: MigrationStage | None = None
    stages: dict[MigrationStage, StageProgress] = {}
    resources: dict[str, ResourceProgress] = {}
    collections: dict[str, CollectionFigures] = {}
    figures: dict[str, dict[str, float]] = {}
    benchmarks: dict[str, BenchmarkReport] = {}
    percent: float = 0.0
    started_at: UtcDatetime | None = None
    completed_at: UtcDatetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    reason: str | None = None
    epoch: int = 0
    pace: Pace = Pace()
    aliases: dict[str, str] = {}
    """Where aliases led when they were switched."""
    rollback: Rollback | None = None
    labels: tuple[str, ...] = ()
    """Collections that go along whole where documents are chosen by date."""
    references: ReferencesReport | None = None
    poison: tuple[Poison, ...] = ()
    """Documents that were set aside, the first of them."""

    @property
    def task_id(self) -> str | None:
        """The task by which its progress is followed, once it was started."""
        return None if self.started_at is None else task_of(self.migration_id)

    @property
    def set_aside(self) -> int:
        """How many documents were set aside."""
        return sum(each.set_aside for each in self.collections.values())

    @property
    def moved(self) -> int:
        """How many documents are in the target."""
        return sum(each.moved for each in self.collections.values())


def task_of(migration_id: str) -> str:
    """Give the task of a whole migration: it is found for as long as the migration is."""
    return TASK + migration_id.removeprefix(NAMESPACE_MIGRATION)
