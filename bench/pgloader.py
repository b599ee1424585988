import shutil

from bench.clusters import Clusters
from bench.competitor import Figures
from bench.program import timed


class PgLoader:
    """`pgloader`: schema, rows, keys and indexes."""

    def __init__(self, workers: int) -> None:
        self.name = "pgloader"
        self._workers = workers

    def missing(self) -> str | None:
        """It is looked for on the PATH."""
        return None if shutil.which("pgloader") else "not installed (Debian package pgloader)"

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
