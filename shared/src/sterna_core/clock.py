from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

UtcDatetime = Annotated[datetime, Meta(tz=True)]
"""A moment with its zone; naive times are refused on decoding."""

Clock = Callable[[], datetime]
"""Gives the present moment in UTC."""


def system_clock() -> datetime:
    """Give the present moment in UTC, by this machine."""
    return datetime.now(UTC)
