import os
import shutil
import tempfile
from pathlib import Path

from bench.clusters import Clusters
from bench.competitor import Figures
from bench.program import timed


class PgCopyDb:
    """`pgcopydb clone`: schema, rows, keys and indexes."""

    def __init__(self, jobs: int) -> None:
        self.name = "pgcopydb clone"
        found = shutil.which("pgcopydb")
        self.missing = None if found else "not installed (Debian package pgcopydb)"
        self._jobs = str(jobs)

    async def run(self, clusters: Clusters, target_url: str) -> Figures:
        """Clone the source."""
        with tempfile.TemporaryDirectory(prefix="pgcopydb-") as folder:
            seconds = await timed(
                [
                    *("pgcopydb", "clone", "--table-jobs", self._jobs, "--index-jobs", self._jobs),
                    *("--dir", Path(folder) / "work", "--no-owner", "--no-acl"),
                ],
                env={
                    # Its pg_dump must be as new as the servers.
                    "PATH": f"{clusters.programs}:{os.environ.get('PATH', '')}",
                    "PGCOPYDB_SOURCE_PGURI": clusters.source_url,
                    "PGCOPYDB_TARGET_PGURI": target_url,
                },
            )
        return Figures(total_seconds=seconds)
