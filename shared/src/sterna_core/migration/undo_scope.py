"""Which part of a run is taken back."""

from typing import Literal

from msgspec import Struct

from sterna_core.tasks.telemetry import Phase


class UndoScope(Struct, frozen=True, kw_only=True):
    """What is taken back, and the `phase` in which the run stands afterwards.

    `whole` where the schema goes as well: then the target is as it was found.
    """

    kind: Literal["checkpoint", "phase", "tables"]
    phase: Phase
    checkpoint_id: str | None = None
    tables: tuple[str, ...] = ()
    whole: bool = False
