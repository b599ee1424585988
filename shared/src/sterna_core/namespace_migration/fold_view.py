"""What each event changes of what is shown."""

from msgspec.structs import replace

from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration.date_range import label_collections
from sterna_core.namespace_migration.fold_pace import fold_pace
from sterna_core.namespace_migration.fold_progress import fold_progress
from sterna_core.namespace_migration.fold_rollback import fold_rollback
from sterna_core.namespace_migration.progress import (
    STAGES,
    MigrationStage,
    MigrationStatus,
    ResourceProgress,
    StageProgress,
)
from sterna_core.namespace_migration.view import NamespaceMigrationView

View = NamespaceMigrationView


def fold_view(view: View | None, event: ev.AnyEvent) -> View | None:
    """Give the view after an event; None for a migration that is deleted, or never was."""
    if isinstance(event, ev.NamespaceMigrationCreated):
        return created_view(event)
    if view is None or isinstance(event, ev.NamespaceMigrationDeleted):
        return None
    return next_view(view, event)


def created_view(event: ev.NamespaceMigrationCreated) -> View:
    """Give the view of a migration that has just been created."""
    return View(
        migration_id=event.migration_id,
        org_id=event.org_id,
        config=event.config,
        source=event.source,
        target=event.target,
        status="draft",
        created_at=event.at,
        created_by=event.by,
        updated_at=event.at,
        result=event.result,
        graph=event.graph,
        stages={name: StageProgress(stage=name, status="draft") for name in STAGES},
    )


def next_view(view: View, event: ev.AnyEvent) -> View:
    """Give the view of a migration that there is after one of its later events."""
    pace = fold_pace(view.pace, event)
    view = fold_rollback(fold_progress(view, event), event)
    view = replace(view, updated_at=event.at, pace=pace)
    match event:
        case ev.NamespaceMigrationValidated():
            return replace(
                view,
                result=event.result,
                graph=event.graph,
                target=view.target
                if event.extractors is None
                else replace(view.target, extractors=event.extractors),
                status="validating" if event.accepted else "draft",
            )
        case ev.ResourcesRecorded() if view.config.filters and view.config.filters.date_range:
            before = frozenset(view.labels) if event.part else frozenset[str]()
            found = before | label_collections(event.resources)
            return replace(view, labels=tuple(sorted(found)))
        case ev.NamespaceMigrationStarted():
            return replace(
                view,
                status="pending",
                started_at=event.at,
                epoch=event.epoch,
                stages={
                    name: replace(each, status="pending") for name, each in view.stages.items()
                },
                resources=_resources(view),
            )
        case ev.WorkBegun():
            return replace(view, status="in_progress")
        case ev.PauseRequested():
            return replace(view, phase="pausing", reason=event.reason)
        case ev.NamespaceMigrationPaused():
            return replace(view, phase="paused")
        case ev.NamespaceMigrationResumed():
            return replace(
                view,
                status="in_progress",
                phase=None,
                reason=None,
                error_code=None,
                error_message=None,
                completed_at=None,
                stages=_stage_at_hand(view, "in_progress", None),
                resources={
                    name: each
                    if each.status != "failed"
                    else replace(each, status="in_progress", error_message=None)
                    for name, each in view.resources.items()
                },
            )
        case ev.NamespaceMigrationFailed():
            return replace(
                view,
                status="failed",
                phase=None,
                completed_at=event.at,
                error_code=event.code,
                error_message=event.message,
                stages=_stage_at_hand(view, "failed", event.message),
                resources=_failed_resource(view, event),
            )
        case ev.NamespaceMigrationCancelled():
            return replace(
                view,
                status="cancelled",
                phase="cancelling" if event.epoch else None,
                reason=event.reason,
                completed_at=event.at,
                epoch=event.epoch or view.epoch,
                stages={
                    name: each if each.status == "completed" else replace(each, status="cancelled")
                    for name, each in view.stages.items()
                },
                resources={
                    name: each if each.status == "completed" else replace(each, status="cancelled")
                    for name, each in view.resources.items()
                },
            )
        case ev.TargetFenced():
            return replace(view, phase=None, error_code=event.code, error_message=event.message)
        case ev.NamespaceMigrationCompleted():
            return replace(
                view, status="completed", phase=None, completed_at=event.at, percent=100.0
            )
        case _:
            return view


def _resources(view: View) -> dict[str, ResourceProgress]:
    if view.graph is None:
        return {}
    return {
        each.resource_id: ResourceProgress(
            resource_id=each.resource_id, resource_type=each.resource_type, status="pending"
        )
        for each in view.graph.nodes
    }


def _stage_at_hand(
    view: View, status: MigrationStatus, message: str | None
) -> dict[MigrationStage, StageProgress]:
    if view.current_stage is None:
        return view.stages
    known = view.stages[view.current_stage]
    return {
        **view.stages,
        known.stage: replace(known, status=status, error_message=message),
    }


def _failed_resource(view: View, event: ev.NamespaceMigrationFailed) -> dict[str, ResourceProgress]:
    known = view.resources.get(event.resource_id or "")
    if known is None:
        return view.resources
    failed = replace(known, status="failed", error_message=event.message)
    return {**view.resources, known.resource_id: failed}
