"""Documents with vectors copied from store to store (pgvector), beside a bare COPY of the rows."""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

import numpy as np
import uvloop
from bench import report
from bench.clusters import SOURCE, Clusters, clusters, execute
from bench.process_usage import UsageMeter
from bench.program import timed

from sterna_core.namespace_store.copying import copy_documents
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.postgres.sessions import open_pool
from sterna_core.namespace_store.postgres.store import PostgresNamespaceStore
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector
from sterna_core.postgres.identifiers import literal

_RESULTS = Path(__file__).parent / "results"
_LEAST_RATIO = 0.7
_MOST_BYTES = 400_000_000
_DIMENSIONS = 384
_FEATURE = Feature("sterna://bench@v1/embedding", _DIMENSIONS)
_BATCH = 1000
_PIPE = 'set -o pipefail; "$PSQL" -qXc "$READ" "$SOURCE" | "$PSQL" -qXc "$WRITE" "$TARGET"'
_COLUMNS = {
    "documents": "document_id, collection_id, payload",
    "vectors": "document_id, feature, v",
}


@asynccontextmanager
async def _store(url: str, size: int) -> AsyncGenerator[PostgresNamespaceStore, None]:
    pool = await open_pool(size, dsn=url)
    try:
        yield PostgresNamespaceStore(pool)
    finally:
        await pool.close()


async def _fill(space: Space, documents: int) -> None:
    random = np.random.default_rng(1)
    for start in range(0, documents, _BATCH):
        values = random.standard_normal((min(_BATCH, documents - start), _DIMENSIONS))
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        batch = [
            Document(
                f"doc_{random.bytes(16).hex()}",
                f"col_{number % 7}",
                {
                    "text": random.bytes(100).hex(),
                    "number": start + number,
                    "_internal": {"lineage": {"root_object_id": f"obj_{start + number}"}},
                },
                {_FEATURE.uri: Vector(row.tobytes())},
            )
            for number, row in enumerate(values.astype(">f4"))
        ]
        await space.documents.upsert(batch)


async def _bare(both: Clusters, url: str, spans: Sequence[Span]) -> float:
    """Pipe the rows into tables with the same keys, table after table, in each span at once."""

    async def pipes(span: Span) -> None:
        for table, columns in _COLUMNS.items():
            bounds = [f"{sign} {literal(end)}" for sign, end in _ends(span)]
            where = " and ".join(f"document_id {each}" for each in bounds) or "true"
            await timed(
                ["bash", "-c", _PIPE],
                env={
                    "PSQL": str(both.programs / "psql"),
                    "SOURCE": both.source_url,
                    "TARGET": url,
                    "READ": f"copy (select {columns} from namespace_source.{table} where {where})"
                    " to stdout (format binary)",
                    "WRITE": f"copy namespace_bare.{table} ({columns}) from stdin (format binary)",
                },
            )

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for span in spans:
            group.create_task(pipes(span))
    return time.monotonic() - began


def _ends(span: Span) -> list[tuple[str, str]]:
    ends = ((">", span.after), ("<=", span.upto))
    return [(sign, end) for sign, end in ends if end is not None]


async def _copied(source: Space, target: Space, spans: Sequence[Span]) -> float:
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for span in spans:
            group.create_task(
                copy_documents(source.documents, target.documents, span, PageLimit(rows=_BATCH))
            )
    return time.monotonic() - began


async def _spans(source: Space, pieces: int) -> list[Span]:
    ends = await source.documents.boundaries(-(-await source.documents.count() // pieces))
    return [
        Span(after=after, upto=upto)
        for after, upto in zip([None, *ends[:-1]], [*ends[:-1], None], strict=True)
    ]


async def _main(documents: int, rounds: int, pipes: int, workers: int) -> int:
    figures: dict[str, list[float]] = {"bare": [], "copied": []}
    peaks = []
    async with clusters() as both, _store(both.source_url, 2 * workers) as sources:
        source = await sources.create("source", [_FEATURE])
        await _fill(source, documents)
        await execute(both.source_url, "vacuum analyze")
        spans = {"bare": await _spans(source, pipes), "copied": await _spans(source, workers)}
        expected = await source.documents.content_sum()
        for number in range(rounds):
            for name in ("bare", "copied") if number % 2 == 0 else ("copied", "bare"):
                url = await both.fresh_target("target")
                async with AsyncExitStack() as stack:
                    target = await stack.enter_async_context(_store(url, 2 * workers))
                    space = await target.create(name, [_FEATURE])
                    meter = UsageMeter([os.getpid()])
                    if name == "bare":
                        seconds = await _bare(both, url, spans[name])
                    else:
                        seconds = await _copied(source, space, spans[name])
                        peaks.append(meter.read().peak_bytes)
                    assert await space.documents.content_sum() == expected
                figures[name].append(seconds)
                print(f"round {number + 1}: {name} {documents / seconds:,.0f} documents/s")
    ratio = median(
        bare / copied for bare, copied in zip(figures["bare"], figures["copied"], strict=True)
    )
    print(f"{ratio:.2f} of the speed of a bare COPY, {max(peaks) / 1e6:.0f} MB at the most")
    conditions: dict[str, object] = {
        "documents": documents,
        "dimensions": _DIMENSIONS,
        "rounds": rounds,
        "pipes": pipes,
        "workers": workers,
        "source": SOURCE,
        "ratio": ratio,
        "peak_bytes": max(peaks),
    }
    print(f"written to {report.write(_RESULTS, 'namespace-copy', conditions, figures)}")
    return 0 if ratio >= _LEAST_RATIO and max(peaks) < _MOST_BYTES else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pipes", type=int, default=1, help="of the bare COPY")
    parser.add_argument("--workers", type=int, default=2, help="pieces copied at once")
    options = parser.parse_args()
    raise SystemExit(  # on the loop that executors run on
        uvloop.run(_main(options.documents, options.rounds, options.pipes, options.workers))
    )
