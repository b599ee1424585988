import os
import shutil
import time

from bench.clusters import Clusters, fetch
from bench.competitor import Figures
from bench.program import timed

_TABLES = (
    "select format('%I.%I', schemaname, tablename) as name from pg_tables "
    "where schemaname = 'public' order by 1"
)


class Sling:
    """`sling run` for each table: rows into tables that it makes, without keys or indexes."""

    name = "sling run"

    def __init__(self) -> None:
        self._program = os.environ.get("STERNA_BENCH_SLING") or shutil.which("sling")

    def missing(self) -> str | None:
        """It is named by STERNA_BENCH_SLING, or looked for on the PATH."""
        if self._program and os.access(self._program, os.X_OK):
            return None
        return (
            "not installed (PyPI package sling-linux-amd64; name its program in STERNA_BENCH_SLING)"
        )

    async def run(self, clusters: Clusters, target_url: str) -> Figures:
        """Move one table after the other."""
        assert self._program is not None
        began = time.monotonic()
        for table in await fetch(clusters.source_url, _TABLES):
            await timed(
                [
                    *(self._program, "run", "--src-conn", "BENCH_SOURCE", "--src-stream"),
                    *(table["name"], "--tgt-conn", "BENCH_TARGET", "--tgt-object", table["name"]),
                    *("--mode", "full-refresh"),
                ],
                env={
                    "BENCH_SOURCE": f"{clusters.source_url}?sslmode=disable",
                    "BENCH_TARGET": f"{target_url}?sslmode=disable",
                    "SLING_DISABLE_TELEMETRY": "TRUE",
                },
            )
        return Figures(total_seconds=time.monotonic() - began)
