"""Checkpoints: moments of a run that are on record."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.ids import derived_id
from sterna_core.migration.command import Command
from sterna_core.migration.event import Event
from sterna_core.tasks.telemetry import Phase

CheckpointKind = Literal["automatic", "manual", "phase"]

CHECKPOINT = "ckpt_"
CHECKPOINT_SECONDS = 60.0
"""How long rows are copied before a checkpoint is made by itself."""

CHECKPOINTS_KEPT = 20
"""How many checkpoints, the newest, a run can go back to."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """What a run needs to go back.

    `copied` says for each table, in the run's order, how many of its chunks, from its first on
    without a gap, were in the target; tables at the end that had none are left out.
    """

    checkpoint_id: str
    phase: Phase
    copied: tuple[int, ...] = ()


class CreateCheckpoint(Command, frozen=True, kw_only=True, tag="migration.create_checkpoint.v1"):
    """Put on record how far the run is."""

    reason: str | None = None


class RestoreCheckpoint(Command, frozen=True, kw_only=True, tag="migration.restore.v1"):
    """Let the run be what it was at a checkpoint."""

    checkpoint_id: str


class CheckpointRecorded(Event, frozen=True, kw_only=True, tag="checkpoint.recorded.v1"):
    """So far the run was: every chunk that counts here is committed, with its receipt."""

    checkpoint_id: str
    kind: CheckpointKind
    phase: Phase
    reason: str | None
    rows: int
    bytes: int
    copied: tuple[int, ...] = ()


class CheckpointMarks(Struct, frozen=True, kw_only=True):
    """The checkpoints of a run: how many there were, when the last was, and the newest."""

    count: int = 0
    last_at: UtcDatetime | None = None
    kept: tuple[Checkpoint, ...] = ()


def checkpoint_id_of(migration_id: str, number: int) -> str:
    """Give the id of a migration's checkpoint; they are counted from 1."""
    return derived_id(CHECKPOINT, migration_id, str(number))


def marked(marks: CheckpointMarks, event: CheckpointRecorded) -> CheckpointMarks:
    """Give the checkpoints with one more."""
    newest = Checkpoint(checkpoint_id=event.checkpoint_id, phase=event.phase, copied=event.copied)
    return CheckpointMarks(
        count=marks.count + 1,
        last_at=event.at,
        kept=(*marks.kept, newest)[-CHECKPOINTS_KEPT:],
    )
