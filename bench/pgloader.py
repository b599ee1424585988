import shutil

from bench.clusters import Clusters
from bench.competitor import Figures
from bench.program import timed


class PgLoader:
    """`pgloader`: schema, rows, keys and indexes."""

    def __init__(self, workers: int) -> None:
        self.name = "pgloader"
        found = shutil.which("pgloader")
        self.missing = None if found else "not installed (Debian package pgloader)"
        self._workers = workers

    async def run(self, clusters: Clusters, target_url: str) -> Figures:
        """Load the source into the target."""
        seconds = await timed(
            [
                *("pgloader", "--no-ssl-cert-verification"),
                *("--with", f"workers = {self._workers}", "--with", "concurrency = 1"),
                *(clusters.source_url, target_url),
            ]
        )
        return Figures(total_seconds=seconds)
