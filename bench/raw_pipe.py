import asyncio
import time

from bench.clusters import Clusters, execute, fetch
from bench.competitor import Figures
from bench.program import timed

_TABLES = (
    "select c.oid::regclass::text as name, pg_relation_size(c.oid) / 8192 as pages from pg_class c "
    "join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname = 'public' "
    "order by 2 desc"
)
_COLUMNS = (
    "select string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' "
    "order by attnum) from pg_attribute where attrelid = $1::text::regclass and attnum > 0 "
    "and not attisdropped"
)
_KEYS = (
    "select c.conrelid::regclass::text as name, pg_get_constraintdef(c.oid) as definition "
    "from pg_constraint c join pg_class t on t.oid = c.conrelid "
    "where c.contype = 'p' and c.connamespace = 'public'::regnamespace order by t.relpages desc"
)
_PIPE = 'set -o pipefail; "$PSQL" -qXc "$READ" "$SOURCE" | "$PSQL" -qXc "$WRITE" "$TARGET"'
_SMALL_PAGES = 1000


class RawPipe:
    """`COPY … TO STDOUT | COPY … FROM STDIN` into bare tables: as fast as rows can go.

    No receipts, no comparison; tables are cut by ctid into as many parts as there are pipes.
    Primary keys are made afterwards, and timed apart: rows and keys together are the least that a
    migration of this kind can take.
    """

    def __init__(self, streams: int) -> None:
        self.name = f"raw pipe ({streams} at once)"
        self.missing: str | None = None
        self._streams = streams

    async def run(self, clusters: Clusters, target_url: str) -> Figures:
        """Copy the rows, then make keys; making the bare tables is not timed."""
        tables = await fetch(clusters.source_url, _TABLES)
        for table in tables:
            columns = (await fetch(clusters.source_url, _COLUMNS, table["name"]))[0][0]
            await execute(target_url, f"create table {table['name']} ({columns})")
        parts = [part for table in tables for part in self._parts(table["name"], table["pages"])]
        began = time.monotonic()
        async with asyncio.TaskGroup() as pipes:
            for _ in range(self._streams):
                pipes.create_task(_drain(parts, clusters, target_url))
        seconds = time.monotonic() - began
        began = time.monotonic()
        for key in await fetch(clusters.source_url, _KEYS):
            await execute(target_url, f"alter table {key['name']} add {key['definition']}")
        parts_seconds = {"data": seconds, "keys": time.monotonic() - began}
        return Figures(total_seconds=seconds, parts_seconds=parts_seconds)

    def _parts(self, table: str, pages: int) -> list[tuple[str, str]]:
        pieces = self._streams if pages > _SMALL_PAGES else 1
        edges = [pages * piece // pieces for piece in range(pieces)]
        parts = []
        for number, first in enumerate(edges):
            condition = f"ctid >= '({first},0)'"
            if number + 1 < pieces:
                condition += f" and ctid < '({edges[number + 1]},0)'"
            parts.append((table, condition))
        return parts


async def _drain(parts: list[tuple[str, str]], clusters: Clusters, target_url: str) -> None:
    while parts:
        table, condition = parts.pop(0)
        read = f"copy (select * from {table} where {condition}) to stdout (format binary)"
        await timed(
            ["bash", "-c", _PIPE],
            env={
                "PSQL": str(clusters.programs / "psql"),
                "SOURCE": clusters.source_url,
                "TARGET": target_url,
                "READ": read,
                "WRITE": f"copy {table} from stdin (format binary)",
            },
        )
