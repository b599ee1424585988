from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime

StandingKind = Literal["idle", "working", "failed", "completed", "ended"]


class Standing(Struct, frozen=True, kw_only=True):
    """What others need to know of a migration; `number` counts the changes, `at` is the last.

    `idle` is before a start and while paused; `ended` is cancelled or rolled back.
    """

    kind: StandingKind = "idle"
    number: int = 0
    at: UtcDatetime | None = None


class KnownStanding(Struct, frozen=True, kw_only=True):
    """How another migration stands; `mutual` where it must not work at the same time either."""

    standing: Standing
    mutual: bool = False
