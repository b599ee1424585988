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
_MISSING = "not installed (PyPI package sling-linux-amd64; name its program in STERNA_BENCH_SLING)"


class Sling:
    """`sling run` for each table: rows into tables that it makes, without keys or indexes."""

    name = "sling run"

    def __init__(self) -> None:
        program = os.environ.get("STERNA_BENCH_SLING") or shutil.which("sling") or ""
        self.missing = None if os.access(program, os.X_OK) else _MISSING
        self._program = program

    async def run(self, clusters: Clusters, target_url: str) -> Figures:
        """Move one table after the other."""
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
