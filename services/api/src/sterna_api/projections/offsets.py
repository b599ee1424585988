from collections.abc import Iterable, Mapping
from typing import Literal

import asyncpg

from sterna_api.projections.statements import Statements
from sterna_core.errors import Transient
from sterna_core.journal.terms import Position

Source = Literal["events", "telemetry"]

_SQL = Statements("offsets.sql")


class ProjectionTaken(Transient):
    """Another projector has moved a partition on, or has claimed it."""

    code = "projection_taken"


class Offsets:
    """How far a source is projected; moved on by compare-and-set, in the rows' transaction."""

    def __init__(self, source: Source, claimant: str, channel: str) -> None:
        self._source = source
        self._claimant = claimant
        self._channel = channel
        self.positions: dict[int, Position] = {}

    async def claim(self, connection: asyncpg.Connection, partitions: Iterable[int]) -> None:
        """Take every partition over and learn where it stands."""
        async with connection.transaction():
            await connection.execute(_SQL["create_offsets"], self._source, list(partitions))
            rows = await connection.fetch(_SQL["claim_offsets"], self._source, self._claimant)
        self.positions = {
            row["partition"]: Position(row["next_offset"], row["term"], row["owner"])
            for row in rows
        }

    async def move(
        self, connection: asyncpg.Connection, positions: Mapping[int, Position]
    ) -> dict[int, Position]:
        """Move on, within the caller's transaction; gives what has moved.

        Raises ProjectionTaken where another projector has been here. After the commit, hand
        what was given to `confirm`.
        """
        moved = {
            partition: position
            for partition, position in positions.items()
            if position != self.positions[partition]
        }
        if not moved:
            return {}
        done = await connection.execute(
            _SQL["move_offsets"],
            self._source,
            self._claimant,
            list(moved),
            [self.positions[partition].next_offset for partition in moved],
            [position.next_offset for position in moved.values()],
            [position.term for position in moved.values()],
            [position.owner for position in moved.values()],
        )
        if done != f"UPDATE {len(moved)}":
            raise ProjectionTaken("Another projector is at work on the same tables.")
        text = ",".join(f"{self._source}:{p}:{at.next_offset}" for p, at in moved.items())
        await connection.execute(_SQL["notify_positions"], self._channel, text)
        return moved

    def confirm(self, moved: Mapping[int, Position]) -> None:
        """Take over what was committed."""
        self.positions.update(moved)


async def read_offsets(connection: asyncpg.Connection) -> dict[tuple[str, int], int]:
    """Give how far every partition of every source is."""
    rows = await connection.fetch(_SQL["read_offsets"])
    return {(row["source"], row["partition"]): row["next_offset"] for row in rows}


def read_notice(payload: str) -> dict[tuple[str, int], int]:
    """Read what `move` tells the other processes."""
    notice = {}
    for entry in filter(None, payload.split(",")):
        source, partition, offset = entry.split(":")
        notice[source, int(partition)] = int(offset)
    return notice
