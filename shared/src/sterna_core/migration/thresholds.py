"""How many errors are too many."""

from typing import Annotated

from msgspec import Meta, Struct

RATE_NEEDS_ROWS = 1_000
"""A rate says nothing before so many rows were tried."""

Percent = Annotated[float, Meta(ge=0.0, le=100.0)]


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When refused rows are told of, when they pause a migration, and when they fail it.

    The percentages are of the rows that were tried, once these are many enough to tell.
    `max_consecutive` is the number of rows refused one after another in a chunk, and
    `max_escalated` the number of errors that wait for somebody, beyond which a migration fails.
    """

    alert_percent: Percent = 1.0
    pause_percent: Percent = 5.0
    fail_percent: Percent = 10.0
    max_consecutive: Annotated[int, Meta(ge=1, le=1_000)] = 100
    max_escalated: Annotated[int, Meta(ge=0, le=1_000)] = 50
