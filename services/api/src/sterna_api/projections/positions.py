import asyncio
from collections.abc import Mapping

from msgspec import Struct

from sterna_core.errors import InvalidRequest, Transient

EVENTS = "events"
TELEMETRY = "telemetry"
_OFFSET_DIGITS_MAX = 18


class BehindPosition(Transient):
    """The projections have not come to a position in the time there was."""

    code = "position_not_reached"


class JournalPosition(Struct, frozen=True):
    """The place of an outcome in the journal, `<partition>-<offset>`."""

    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> "JournalPosition":
        """Read what a write has answered; raises InvalidRequest."""
        partition, dash, offset = text.partition("-")
        numbers = (partition, offset)
        if not dash or not all(_is_number(number) for number in numbers):
            raise InvalidRequest("A position is what the header Sterna-Position of a write says.")
        return cls(int(partition), int(offset))

    @property
    def wanted(self) -> dict[tuple[str, int], int]:
        """Give what has to be projected for this place to be seen."""
        return {(EVENTS, self.partition): self.offset + 1}

    def __str__(self) -> str:
        return f"{self.partition}-{self.offset}"


class ProjectedPositions:
    """How far the projections are, as this process knows, and those who wait for them."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, int], int] = {}
        self._changed = asyncio.Event()

    def update(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Take in how far partitions are; one that seems to go back is old news."""
        moved = False
        for key, offset in positions.items():
            if offset > self._next.get(key, -1):
                self._next[key] = offset
                moved = True
        if moved:
            self._changed.set()
            self._changed = asyncio.Event()

    def next_offset(self, source: str, partition: int) -> int:
        """Give the first offset of a partition that is not projected yet."""
        return self._next.get((source, partition), 0)

    def reached(self, wanted: Mapping[tuple[str, int], int]) -> bool:
        """Tell whether everything before these offsets is projected."""
        return all(self._next.get(key, 0) >= offset for key, offset in wanted.items())

    async def wait(self, wanted: Mapping[tuple[str, int], int], *, deadline_seconds: float) -> None:
        """Wait until everything before these offsets is projected; raises BehindPosition."""
        try:
            async with asyncio.timeout(deadline_seconds):
                while not self.reached(wanted):
                    await self._changed.wait()
        except TimeoutError:
            raise BehindPosition(
                "The projections are behind that position; ask again in a moment."
            ) from None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _OFFSET_DIGITS_MAX
