"""What can be asked of a namespace migration."""

from msgspec import Struct

from sterna_core.migration.reports import ClaimTask
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.features import Extractors
from sterna_core.namespace_migration.graph import Graph
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.reports import AnyReport
from sterna_core.namespace_migration.validating import ValidationResult


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something asked of a namespace migration."""


class CreateNamespaceMigration(
    Command, frozen=True, kw_only=True, tag="namespace_migration.create.v1"
):
    """Keep what is to be done, as a draft; `result` is what a look at the source has found."""

    config: MigrationConfig
    source: Place
    target: Place
    result: ValidationResult
    graph: Graph | None = None


class ValidateNamespaceMigration(
    Command, frozen=True, kw_only=True, tag="namespace_migration.validate.v1"
):
    """The source was looked at once more, so as to start.

    `parts` lists of resources follow, with this digest together. `force` starts despite warnings.
    `extractors` are those that the target is to have, where they are not the source's.
    """

    result: ValidationResult
    graph: Graph | None
    digest: str
    parts: int
    force: bool = False
    extractors: Extractors | None = None


class RecordResources(
    Command, frozen=True, kw_only=True, tag="namespace_migration.record_resources.v1"
):
    """Some of what goes along; `part` counts from 0."""

    part: int
    resources: tuple[Resource, ...]


class StartNamespaceMigration(
    Command, frozen=True, kw_only=True, tag="namespace_migration.start.v1"
):
    """Carry it out, with the resources that were recorded."""

    digest: str


class PauseNamespaceMigration(
    Command, frozen=True, kw_only=True, tag="namespace_migration.pause.v1"
):
    """Give out no more work; `immediate` stops what is at work too."""

    reason: str | None = None
    immediate: bool = False


class ResumeNamespaceMigration(
    Command, frozen=True, kw_only=True, tag="namespace_migration.resume.v1"
):
    """Go on after a pause, or after a failure whose cause was put right.

    `accept_benchmark` takes what the gate refused as it was measured.
    """

    accept_benchmark: bool = False


class CancelNamespaceMigration(
    Command, frozen=True, kw_only=True, tag="namespace_migration.cancel.v1"
):
    """End it: the source is as it was, and nothing writes to the target any more."""

    reason: str | None = None


class RollBackNamespaceMigration(
    Command, frozen=True, kw_only=True, tag="namespace_migration.roll_back.v1"
):
    """Lead aliases back to the source; with `drop_target` the target is removed too.

    The target of one that failed, or was cancelled, is always removed.
    """

    reason: str | None = None
    drop_target: bool = False


class DeleteNamespaceMigration(
    Command, frozen=True, kw_only=True, tag="namespace_migration.delete.v1"
):
    """Forget it."""


class RetryTask(Command, frozen=True, kw_only=True, tag="namespace_migration.retry_task.v1"):
    """A retry is due (sent by a timer)."""

    task_id: str
    attempt: int


AnyCommand = (
    CreateNamespaceMigration
    | ValidateNamespaceMigration
    | RecordResources
    | StartNamespaceMigration
    | PauseNamespaceMigration
    | ResumeNamespaceMigration
    | CancelNamespaceMigration
    | RollBackNamespaceMigration
    | DeleteNamespaceMigration
    | RetryTask
    | ClaimTask
    | AnyReport
)
