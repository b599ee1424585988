"""What can be asked of a migration of the mode `incremental`."""

from sterna_core.migration.command import Command


class StopMigration(Command, frozen=True, kw_only=True, tag="migration.stop.v1"):
    """Bring the target up to date for the last time, prove it, and make it ready for use.

    `immediate` gives up the pass at hand: the last one begins at once.
    """

    immediate: bool = False


class BeginPass(Command, frozen=True, kw_only=True, tag="migration.begin_pass.v1"):
    """A pass is due (sent by a timer)."""

    number: int


AnySyncCommand = StopMigration | BeginPass
