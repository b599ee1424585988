"""What executors and the API say between the facts: log lines and figures."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.tasks.access import AccessRefused

Level = Literal["debug", "info", "warning", "error"]
Phase = Literal["planning", "schema_migration", "data_transfer", "syncing", "validation", "cutover"]
"""`syncing` is there in the mode `incremental` alone: passes that bring the target up to date."""


class LogLine(Struct, frozen=True, kw_only=True, tag="log.line.v1", tag_field="type"):
    """One line of a migration's log."""

    org_id: str
    migration_id: str
    timestamp: UtcDatetime
    level: Level
    message: str
    phase: Phase | None = None
    table: str | None = None
    records: int | None = None
    executor_id: str | None = None
    code: str | None = None


class Figures(Struct, frozen=True, kw_only=True, tag="task.figures.v1", tag_field="type"):
    """How far a task at work is: rows and bytes since it began, at most once a second."""

    org_id: str
    migration_id: str
    timestamp: UtcDatetime
    task_id: str
    executor_id: str
    phase: Phase
    table: str | None
    rows: int
    bytes: int


class Resources(Struct, frozen=True, kw_only=True, tag="executor.resources.v1", tag_field="type"):
    """What an executor at work on a migration uses, at most once a second.

    `active_workers` counts its tasks of this migration. The percentages are of all that its
    machine has; None where that cannot be measured.
    """

    org_id: str
    migration_id: str
    timestamp: UtcDatetime
    executor_id: str
    active_workers: int
    cpu_percent: float | None
    memory_percent: float | None
    network_percent: float | None


AnyTelemetry = LogLine | Figures | Resources
"""What executors say."""

TelemetryRecord = AnyTelemetry | AccessRefused
"""Everything that stands in the topic."""
