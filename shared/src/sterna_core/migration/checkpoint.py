"""Checkpoints: moments of a run that are on record."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.ids import derived_id
from sterna_core.migration.command import Command
from sterna_core.migration.event import Event
from sterna_core.migration.kept_chunks import KeptChunks
from sterna_core.tasks.telemetry import Phase

CheckpointKind = Literal["automatic", "manual", "phase"]
Loss = Literal["corrected", "taken_back"]
"""Rows were corrected since, or what was there was taken back."""

CHECKPOINT = "ckpt_"
CHECKPOINT_SECONDS = 60.0
"""How long rows are copied before a checkpoint is made by itself."""

CHECKPOINTS_KEPT = 20
"""How many checkpoints a run can go back to: the newest that time made, and as many others."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """What a run needs to go back.

    `chunks` says for each table, in the run's order, which of its chunks were in the target;
    tables at the end that had none are left out. `builds` is how many objects had been built, and
    `schema` whether what comes before the rows was there. `lost` says why the run cannot go back
    there any more, and `lost_with` what for.
    """

    checkpoint_id: str
    kind: CheckpointKind
    phase: Phase
    chunks: tuple[KeptChunks, ...] = ()
    builds: int = 0
    schema: bool = True
    lost: Loss | None = None
    lost_with: str = ""


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
    """The checkpoints of a run: how many there were, when the last was, and those it knows."""

    count: int = 0
    last_at: UtcDatetime | None = None
    kept: tuple[Checkpoint, ...] = ()


def checkpoint_id_of(migration_id: str, number: int) -> str:
    """Give the id of a migration's checkpoint; they are counted from 1."""
    return derived_id(CHECKPOINT, migration_id, str(number))
