"""What is sent about namespace migrations."""

from typing import Annotated

from msgspec import Meta, Struct

from sterna_core.clock import UtcDatetime
from sterna_core.namespace_migration.config import MigrationConfig, MigrationType
from sterna_core.namespace_migration.progress import MigrationStage, MigrationStatus
from sterna_core.tasks.telemetry import Level

LIMIT_MAX = 1000
LIMIT_DEFAULT = 20
OFFSET_MAX = 2**53
"""Up to here a number means itself in every language."""

Reason = Annotated[str, Meta(max_length=2_000)]


class CreateMigrationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done, and whether to begin at once where nothing stands against it."""

    config: MigrationConfig
    start_immediately: bool = False


class ValidateMigrationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What would be done."""

    config: MigrationConfig


class ListMigrationsRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which migrations are wanted; None is any."""

    status: MigrationStatus | None = None
    migration_type: MigrationType | None = None
    source_namespace_id: str | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)] = 0


class StartMigrationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`force` begins in spite of warnings, never of errors."""

    force: bool = False


class CancelMigrationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is given up."""

    reason: Reason | None = None


class RollbackMigrationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is rolled back; `drop_target` removes the target too."""

    reason: Reason | None = None
    drop_target: bool = False


class NamespaceLogsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines of a log to give; a phase is a stage of the migration."""

    level: Level | None = None
    phase: MigrationStage | None = None
    since: UtcDatetime | None = None
    follow: bool = False
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100
    last_event_id: Annotated[str, Meta(max_length=64)] | None = None


class PauseMigrationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is paused; `immediate` stops what is at work too."""

    reason: Reason | None = None
    immediate: bool = False


class ResumeMigrationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`accept_benchmark` goes on with what a benchmark's gate has refused, as it was measured."""

    accept_benchmark: bool = False
