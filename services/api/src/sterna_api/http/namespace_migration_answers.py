"""What is answered about namespace migrations: the models of their interface, field by field."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import replace

from sterna_api.http.migration_webhooks import MigrationWebhook, webhook_of
from sterna_core.clock import UtcDatetime
from sterna_core.namespace_migration.config import MigrationConfig, RetrieverOptions
from sterna_core.namespace_migration.graph import Graph
from sterna_core.namespace_migration.progress import (
    STAGES,
    MigrationStage,
    MigrationStatus,
    Percent,
    ResourceProgress,
    StageProgress,
)
from sterna_core.namespace_migration.validating import ValidationResult
from sterna_core.namespace_migration.view import NamespaceMigrationView

View = NamespaceMigrationView
_PERCENT_MIN = 1.0
"""Below this nobody can tell how long the rest takes."""


class MigrationProgress(Struct, frozen=True, kw_only=True):
    """How far a migration is; resources are in the order of execution."""

    overall_status: MigrationStatus
    overall_progress_percent: Percent = 0.0
    current_stage: MigrationStage | None = None
    stages: tuple[StageProgress, ...] = ()
    resources: tuple[ResourceProgress, ...] = ()
    started_at: UtcDatetime | None = None
    estimated_completion: UtcDatetime | None = None


class GetMigrationResponse(Struct, frozen=True, kw_only=True):
    """A namespace migration. `internal_id` is the organisation, `namespace_id` the source."""

    migration_id: str
    internal_id: str
    namespace_id: str
    config: MigrationConfig
    status: MigrationStatus
    progress: MigrationProgress
    created_at: UtcDatetime
    validation_result: ValidationResult | None = None
    dependency_graph: Graph | None = None
    task_id: str | None = None
    started_at: UtcDatetime | None = None
    completed_at: UtcDatetime | None = None
    error_message: str | None = None
    additional_data: dict[str, Any] = field(default_factory=dict)


class ListMigrationsResponse(Struct, frozen=True, kw_only=True):
    """Some of the migrations that match, the newest first."""

    results: tuple[GetMigrationResponse, ...]
    total: int
    limit: int
    offset: int


class CreateMigrationResponse(Struct, frozen=True, kw_only=True):
    """A migration was created; it is a draft unless it was started at once.

    `webhook` is there where a `webhook_url` was given.
    """

    migration_id: str
    status: MigrationStatus
    created_at: UtcDatetime
    message: str
    validation_result: ValidationResult | None = None
    webhook: MigrationWebhook | UnsetType = UNSET


class ValidateMigrationResponse(Struct, frozen=True, kw_only=True):
    """What a migration would meet; nothing was made."""

    validation_result: ValidationResult
    message: str
    dependency_graph: Graph | None = None


class StartMigrationResponse(Struct, frozen=True, kw_only=True):
    """It is carried out from now on."""

    migration_id: str
    status: MigrationStatus
    task_id: str
    started_at: UtcDatetime
    message: str


class CancelMigrationResponse(Struct, frozen=True, kw_only=True):
    """It has ended by request."""

    migration_id: str
    status: MigrationStatus
    cancelled_at: UtcDatetime
    message: str


class HaltResponse(Struct, frozen=True, kw_only=True):
    """It stands still, or goes on."""

    migration_id: str
    status: MigrationStatus
    message: str


def show_namespace_migration(view: View, now: datetime) -> GetMigrationResponse:
    """Give a migration as it is shown."""
    return GetMigrationResponse(
        migration_id=view.migration_id,
        internal_id=view.org_id,
        namespace_id=view.source.namespace_id,
        config=view.config,
        status=view.status,
        progress=MigrationProgress(
            overall_status=view.status,
            overall_progress_percent=view.percent,
            current_stage=view.current_stage,
            stages=tuple(view.stages[name] for name in STAGES),
            resources=tuple(view.resources.values()),
            started_at=view.started_at,
            estimated_completion=_estimate(view, now),
        ),
        created_at=view.created_at,
        validation_result=view.result,
        dependency_graph=view.graph,
        task_id=view.task_id,
        started_at=view.started_at,
        completed_at=view.completed_at,
        error_message=view.error_message,
        additional_data=_more(view),
    )


def without_queries(view: View) -> View:
    """Leave the queries of a benchmark out, which are too long for a list."""
    options = view.config.benchmark_options
    if not options:
        return view
    short = replace(view.config, benchmark_options=replace(options, queries=()))
    return replace(view, config=short)


def _estimate(view: View, now: datetime) -> datetime | None:
    if view.status != "in_progress" or view.phase or view.started_at is None:
        return None
    if view.percent < _PERCENT_MIN:
        return None
    spent = max(0.0, (now - view.started_at).total_seconds())
    return now + timedelta(seconds=spent * (100.0 - view.percent) / view.percent)


def _more(view: View) -> dict[str, Any]:
    told: dict[str, Any] = {
        "target_namespace_id": view.target.namespace_id,
        "documents_moved": view.moved,
        "documents_set_aside": view.set_aside,
    }
    if view.phase is not None:
        told["phase"] = view.phase
    if view.config.webhook_url is not None and not view.config.dry_run:
        told["webhook_id"] = webhook_of(view.migration_id)
    if view.aliases:
        told["aliases"] = view.aliases
    if view.rollback is not None:
        told["rollback"] = msgspec.to_builtins(view.rollback)
    if view.reason is not None:
        told["reason"] = view.reason
    if view.error_code is not None:
        told["error_code"] = view.error_code
    if view.collections:
        told["collections"] = msgspec.to_builtins(view.collections)
    if view.figures:
        told["figures"] = view.figures
    if view.benchmarks:
        told["benchmark"] = msgspec.to_builtins(view.benchmarks)
        told["warnings"] = [
            {"loc": ["retriever", name], "msg": each.message, "type": each.code}
            for name, each in view.benchmarks.items()
            if each.gate == "warn" and each.verdict != "passed"
        ]
    if not (view.config.retriever_options or RetrieverOptions()).validate_references:
        told["references"] = {"skipped": True}
    elif view.references is not None:
        told["references"] = msgspec.to_builtins(view.references)
    if view.poison:
        told["set_aside"] = msgspec.to_builtins(view.poison)
    return told
