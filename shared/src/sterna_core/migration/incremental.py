"""How a migration of the mode `incremental` keeps its target up to date."""

from typing import Annotated

from msgspec import Meta, Struct


class IncrementalOptions(Struct, frozen=True, kw_only=True):
    """How often the target is brought up to date, and how.

    A pass begins `interval_seconds` after the last one began, or at once where that took longer.
    """

    interval_seconds: Annotated[int, Meta(ge=1, le=7 * 86_400)] = 60
