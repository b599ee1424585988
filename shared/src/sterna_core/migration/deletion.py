"""The end of a migration's record."""

from sterna_core.migration.command import Command
from sterna_core.migration.event import Event


class DeleteMigration(Command, frozen=True, kw_only=True, tag="migration.delete.v1"):
    """Forget a migration that is not at work; its log and its figures may be kept."""

    keep_logs: bool = True
    keep_metrics: bool = True


class MigrationDeleted(Event, frozen=True, kw_only=True, tag="migration.deleted.v1"):
    """The migration is gone for its readers; the journal keeps what it was."""

    keep_logs: bool
    keep_metrics: bool
    by: str
