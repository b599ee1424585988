"""What people ask of a namespace migration, turned into what has happened."""

from typing import NoReturn

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.benchmark_gate import accept
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.draft import Draft
from sterna_core.namespace_migration.validating import ValidationResult, digest_of

NOT_FOUND = "namespace_migration_not_found"


def create(draft: Draft, command: cmd.CreateNamespaceMigration, context: Context) -> None:
    """Make a draft."""
    if not isinstance(draft.state, st.Absent) or draft.state.existed:
        raise Rejected("invalid_state", "This migration exists or has existed.")
    draft.add(
        ev.NamespaceMigrationCreated(
            at=draft.at,
            migration_id=context.aggregate_id,
            org_id=context.org_id,
            config=command.config,
            source=command.source,
            target=command.target,
            result=command.result,
            graph=command.graph,
            by=context.actor,
        )
    )


def validate(draft: Draft, command: cmd.ValidateNamespaceMigration) -> None:
    """Take in what a look at the source has found, before a start."""
    match draft.state:
        case st.Draft() | st.Validating():
            config = draft.state.view.config
        case _:
            refuse(draft, "start")
    result, extractors = command.result, command.extractors or draft.state.view.target.extractors
    accepted = is_accepted(config, result, force=command.force)
    if (
        isinstance(draft.state, st.Validating)
        and accepted
        and (draft.state.digest, draft.state.parts) == (command.digest, command.parts)
        and (draft.state.view.result, draft.state.view.graph) == (result, command.graph)
        and extractors == draft.state.view.target.extractors
    ):
        return
    draft.add(
        ev.NamespaceMigrationValidated(
            at=draft.at,
            result=result,
            graph=command.graph,
            digest=command.digest,
            parts=command.parts,
            accepted=accepted,
            extractors=command.extractors,
        )
    )


def is_accepted(config: MigrationConfig, result: ValidationResult, *, force: bool) -> bool:
    """Tell whether what was found allows a start."""
    return result.valid and not config.dry_run and (force or not result.warnings)


def record(draft: Draft, command: cmd.RecordResources) -> None:
    """Take in some of what goes along."""
    match draft.state:
        case st.Validating(recorded=recorded, parts=parts):
            if command.part < recorded:
                return
            if command.part > recorded or command.part >= parts:
                raise Rejected("not_validated", "Another start has come between; start it again.")
        case _:
            refuse(draft, "start")
    draft.add(ev.ResourcesRecorded(at=draft.at, part=command.part, resources=command.resources))


def start(draft: Draft, command: cmd.StartNamespaceMigration, context: Context) -> None:
    """Carry it out."""
    match draft.state:
        case st.Draft(view=view):
            refuse_unfit(view.result, dry_run=view.config.dry_run)
        case st.Validating(recorded=recorded, parts=parts, digest=digest, resources=resources):
            if recorded != parts or digest != command.digest or digest_of(resources) != digest:
                raise Rejected("not_validated", "Another start has come between; start it again.")
        case _:
            refuse(draft, "start")
    draft.add(ev.NamespaceMigrationStarted(at=draft.at, epoch=1, by=context.actor))


def refuse_unfit(result: ValidationResult, *, dry_run: bool) -> NoReturn:
    """Raise Rejected with the reason why a draft cannot be started as it is."""
    if not result.valid:
        raise Rejected(
            "validation_failed",
            "The migration cannot be done as it is; see the errors of its validation.",
            {"errors": [[*each.loc, each.type] for each in result.errors[:20]]},
        )
    if dry_run:
        raise Rejected("dry_run", "The migration is a dry run: it is validated, and never started.")
    if result.warnings:
        raise Rejected(
            "validation_warnings",
            "There are warnings; start with force to go on in spite of them.",
            {"warnings": [[*each.loc, each.type] for each in result.warnings[:20]]},
        )
    raise Rejected("not_validated", "Another start has come between; start it again.")


def pause(draft: Draft, command: cmd.PauseNamespaceMigration) -> None:
    """Give out no more work."""
    match draft.state:
        case st.Pending() | st.Running():
            draft.add(ev.PauseRequested(at=draft.at, reason=command.reason))
        case st.Pausing() | st.Paused():
            pass
        case _:
            refuse(draft, "pause")
    if command.immediate:
        draft.withdraw_all()


def resume(draft: Draft, command: cmd.ResumeNamespaceMigration, context: Context) -> None:
    """Go on, where that is asked for with what a benchmark's gate has refused."""
    match draft.state:
        case st.Failed() if command.accept_benchmark:
            accept(draft, context)
        case st.Pausing() | st.Paused() | st.Failed():
            draft.add(ev.NamespaceMigrationResumed(at=draft.at, by=context.actor))
        case st.Pending() | st.Running():
            return
        case _:
            refuse(draft, "resume")


def cancel(draft: Draft, command: cmd.CancelNamespaceMigration, context: Context) -> None:
    """End it."""
    match draft.state:
        case st.Draft() | st.Validating():
            epoch = 0
        case st.Pending() | st.Running() | st.Pausing() | st.Paused() | st.Failed():
            draft.withdraw_all()
            epoch = draft.state.run.epoch + 1
        case st.Cancelling() | st.Cancelled():
            return
        case _:
            refuse(draft, "cancel")
    draft.add(
        ev.NamespaceMigrationCancelled(
            at=draft.at, reason=command.reason, epoch=epoch, by=context.actor
        )
    )


def delete(draft: Draft, context: Context) -> None:
    """Forget it."""
    match draft.state:
        case st.Draft() | st.Completed() | st.Cancelled() | st.RolledBack() | st.RollbackFailed():
            pass
        case st.Failed():
            draft.withdraw_all()
        case _:
            refuse(draft, "delete")
    draft.add(ev.NamespaceMigrationDeleted(at=draft.at, by=context.actor))


def refuse(draft: Draft, verb: str) -> NoReturn:
    """Refuse a command that this stage of life does not allow."""
    if isinstance(draft.state, st.Absent):
        raise Rejected(NOT_FOUND, "There is no such namespace migration.")
    view = draft.state.view
    words = (view.phase or view.status).replace("_", " ")
    raise Rejected(
        "invalid_state",
        f"Cannot {verb} a migration that is {words}.",
        {"status": view.status},
    )
