from typing import Protocol

from bench.clusters import Clusters
from msgspec import Struct


class Figures(Struct, frozen=True, kw_only=True):
    """What one run of one tool took.

    `total_seconds` is what a person waits for; `parts_seconds` its parts where they are known,
    and `notes` other figures.
    """

    total_seconds: float
    parts_seconds: dict[str, float] = {}
    notes: dict[str, float] = {}


class Competitor(Protocol):
    """A tool that moves a database."""

    name: str
    missing: str | None
    """Why it cannot take part, None where it can."""

    async def run(self, clusters: Clusters, target_url: str) -> Figures:
        """Move the source into an empty target; raises ToolFailed."""
