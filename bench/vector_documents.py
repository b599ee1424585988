"""Documents with vectors in a space of PostgreSQL, and a bare COPY of their rows elsewhere."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import numpy as np
from bench.clusters import Clusters
from bench.program import timed

from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.postgres.sessions import open_pool
from sterna_core.namespace_store.postgres.store import PostgresNamespaceStore
from sterna_core.namespace_store.span import Span
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector
from sterna_core.postgres.identifiers import literal

DIMENSIONS = 384
FEATURE = Feature("sterna://bench@v1/embedding", DIMENSIONS)
COLLECTIONS = tuple(f"col_{number}" for number in range(7))
_PART = 1000
_PIPE = 'set -o pipefail; "$PSQL" -qXc "$READ" "$SOURCE" | "$PSQL" -qXc "$WRITE" "$TARGET"'
_COLUMNS = {
    "documents": "document_id, collection_id, payload",
    "vectors": "document_id, feature, v",
}


@asynccontextmanager
async def store_at(url: str, size: int) -> AsyncGenerator[PostgresNamespaceStore, None]:
    """Open a store."""
    pool = await open_pool(size, dsn=url)
    try:
        yield PostgresNamespaceStore(pool)
    finally:
        await pool.close()


async def fill(space: Space, documents: int) -> None:
    """Write documents of about 400 bytes beside their vectors, the same in every run."""
    random = np.random.default_rng(1)
    for start in range(0, documents, _PART):
        values = random.standard_normal((min(_PART, documents - start), DIMENSIONS))
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        await space.documents.upsert(
            [
                Document(
                    f"doc_{random.bytes(16).hex()}",
                    COLLECTIONS[number % len(COLLECTIONS)],
                    {
                        "text": random.bytes(100).hex(),
                        "number": start + number,
                        "_internal": {"lineage": {"root_object_id": f"obj_{start + number}"}},
                    },
                    {FEATURE.uri: Vector(row.tobytes())},
                )
                for number, row in enumerate(values.astype(">f4"))
            ]
        )


async def bare_copy(both: Clusters, source: Space, url: str, pipes: int) -> float:
    """Pipe the rows into tables with the same keys and indexes; give the seconds it took.

    One table goes after the other, and each in so many pieces at once.
    """
    spans = await spans_of(source, pipes)

    async def pipe(span: Span) -> None:
        for table, columns in _COLUMNS.items():
            bounds = [f"document_id {sign} {literal(end)}" for sign, end in _ends(span)]
            rows = f"select {columns} from namespace_{source.name}.{table}"
            if bounds:
                rows += f" where {' and '.join(bounds)}"
            await timed(
                ["bash", "-c", _PIPE],
                env={
                    "PSQL": str(both.programs / "psql"),
                    "SOURCE": both.source_url,
                    "TARGET": url,
                    "READ": f"copy ({rows}) to stdout (format binary)",
                    "WRITE": f"copy namespace_bare.{table} ({columns}) from stdin (format binary)",
                },
            )

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for span in spans:
            group.create_task(pipe(span))
    return time.monotonic() - began


async def spans_of(source: Space, pieces: int) -> list[Span]:
    """Cut a space into so many pieces."""
    ends = await source.documents.boundaries(-(-await source.documents.count() // pieces))
    return [
        Span(after=after, upto=upto)
        for after, upto in zip([None, *ends[:-1]], [*ends[:-1], None], strict=True)
    ]


def _ends(span: Span) -> list[tuple[str, str]]:
    ends = ((">", span.after), ("<=", span.upto))
    return [(sign, end) for sign, end in ends if end is not None]
