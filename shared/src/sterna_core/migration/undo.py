"""A rollback that is asked for on its own, of all of a migration or of a part of it."""

from typing import Literal

from sterna_core.migration.command import Command
from sterna_core.migration.event import Event
from sterna_core.tasks.telemetry import Phase
from sterna_core.tasks.work import UndoStrategy

Strategy = Literal["truncate", "reverse_migration", "point_in_time", "backup_restore"]
RollbackScope = Literal["all", "phase", "tables"]


class RollBackMigration(Command, frozen=True, kw_only=True, tag="migration.roll_back.v1"):
    """Undo a migration that is not at work, also one that is completed.

    With a `scope` of `phase` what came from the beginning of `phase` on is undone, with `tables`
    the rows of the tables named; then the migration is paused, and may be resumed.
    """

    strategy: Strategy = "reverse_migration"
    verify: bool = True
    reason: str | None = None
    scope: RollbackScope = "all"
    phase: Phase | None = None
    tables: tuple[str, ...] = ()


class RollbackRequested(Event, frozen=True, kw_only=True, tag="rollback.requested.v1"):
    """The migration is being undone; `epoch` is the one that shuts the target.

    `ledger` says whether the target must hold a ledger: without it nothing could be undone.
    """

    strategy: UndoStrategy
    verify: bool
    reason: str | None
    epoch: int
    by: str
    ledger: bool = False
