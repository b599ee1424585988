"""Documents with vectors copied from store to store (pgvector), beside a bare COPY of the rows.

Two ways are measured: a migration over REST, by executors that are processes of their own, with
journal, receipts and rewritten references; and the store's own pages in this process.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import uvloop
from bench import report
from bench.clusters import SETTINGS, Clusters, clusters, execute
from bench.namespace_whole import Migrated, NamespaceWhole
from bench.process_usage import UsageMeter
from bench.stoppable import stoppable
from bench.vector_documents import DIMENSIONS, FEATURE, bare_copy, fill, spans_of, store_at
from msgspec import Struct

from sterna_cli.client.sterna import connect
from sterna_cli.stack import Stack
from sterna_cli.temporary_home import temporary_home
from sterna_core.namespace_store.content_sum import ContentSum
from sterna_core.namespace_store.copying import copy_documents
from sterna_core.namespace_store.span import PageLimit
from sterna_core.namespace_store.store import Space

_RESULTS = Path(__file__).parent / "results"
_LEAST_RATIO = 0.7
_MOST_BYTES = 400_000_000
_PAGE = PageLimit(rows=1000)
_BARE, _COPIED, _MIGRATED = "bare", "copied", "migrated"
_NAMES = (_BARE, _MIGRATED, _COPIED)


class Round(Struct):
    """What one way took, once."""

    name: str
    seconds: float
    peak_bytes: int = 0
    whole: Migrated | None = None


class Trial:
    """Copies the same documents in every way, each time into a fresh database."""

    def __init__(self, both: Clusters, whole: NamespaceWhole, options: argparse.Namespace) -> None:
        self._both = both
        self._whole = whole
        self._options = options
        self._databases = 0
        self._expected = ContentSum()

    async def play(self, source_id: str) -> list[Round]:
        """Give what each round took."""
        found = []
        options = self._options
        async with store_at(self._both.source_url, 2 * options.workers) as store:
            source = await store.create(source_id, [FEATURE])
            await fill(source, options.documents)
            await execute(self._both.source_url, "vacuum analyze")
            self._expected = await source.documents.content_sum()
            for number in range(options.rounds):
                for name in _NAMES if number % 2 == 0 else _NAMES[::-1]:
                    if name in options.ways:
                        is_whole = number < options.indexes
                        found.append(await self._once(source, name, builds_index=is_whole))
                        rate = options.documents / found[-1].seconds
                        print(f"round {number + 1}: {name} {rate:,.0f} documents/s", flush=True)
        return found

    async def _once(self, source: Space, name: str, *, builds_index: bool) -> Round:
        self._databases += 1
        database = f"target_{self._databases}"  # stores that were opened stay so for a while
        url = await self._both.fresh_target(database)
        async with store_at(url, 2 * self._options.workers) as store:
            if name == _MIGRATED:
                # The same rows as those of the bare COPY, so with the same ids.
                whole = await self._whole.run(
                    source.name, url, builds_index=builds_index, preserve_resource_ids=True
                )
                space = await store.open(whole.target_id)
                seconds, peak = whole.course.documents_seconds, whole.peak_bytes
                result = Round(name, seconds, peak, whole)
            else:
                space = await store.create(name, [FEATURE])
                result = await self._here(source, space, url)
            count = await space.documents.count()
            assert count == self._options.documents, f"{count} documents have arrived"
            assert await space.documents.content_sum() == self._expected
        await execute(url, "checkpoint")
        return result

    async def _here(self, source: Space, target: Space, url: str) -> Round:
        if target.name == _BARE:
            return Round(_BARE, await bare_copy(self._both, source, url, self._options.pipes))
        spans = await spans_of(source, self._options.workers)
        meter = UsageMeter([os.getpid()])
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for span in spans:
                group.create_task(copy_documents(source.documents, target.documents, span, _PAGE))
        return Round(_COPIED, time.monotonic() - began, meter.read().peak_bytes)


def _told(rounds: Sequence[Round], documents: int) -> dict[str, Any]:
    """Print what was found, and give it."""
    by_name = {name: [each for each in rounds if each.name == name] for name in _NAMES}
    figures: dict[str, Any] = {}
    for name in (_MIGRATED, _COPIED):
        ours = by_name[name]
        if not ours:
            continue
        ratio = median(
            bare.seconds / each.seconds for bare, each in zip(by_name[_BARE], ours, strict=True)
        )
        peak = max(each.peak_bytes for each in ours)
        figures[name] = {"ratio": ratio, "peak_bytes": peak}
        print(f"{name}: {ratio:.2f} of the speed of a bare COPY, {peak / 1e6:.0f} MB at the most")
    wholes = [each.whole for each in by_name[_MIGRATED] if each.whole is not None]
    for each in wholes:
        stages = ", ".join(f"{k} {v:.1f}" for k, v in each.course.stages_seconds.items())
        steps = ", ".join(f"{k} {v:.1f}" for k, v in each.course.steps_seconds.items())
        print(f"seconds of stages: {stages}\nlongest steps: {steps}")
        print(f"CPU of executors: {each.cpu_seconds / documents * 1e6:.0f} microseconds a document")
    return figures


async def _main(options: argparse.Namespace) -> int:
    async with (
        clusters() as both,
        temporary_home("bench-stack") as home,
        Stack(home, executors=options.executors) as stack,
        connect(stack.url, stack.key) as sterna,
    ):
        whole = NamespaceWhole(
            stack, sterna, batch_size=options.batch_size, workers=options.max_workers
        )
        rounds = await Trial(both, whole, options).play(await whole.source(both))
    figures = _told(rounds, options.documents)
    conditions: dict[str, object] = {
        **vars(options),
        "dimensions": DIMENSIONS,
        "postgresql": SETTINGS,
        "result": figures,
    }
    print(f"written to {report.write(_RESULTS, 'namespace-copy', conditions, rounds)}")
    whole_figures = figures.get(_MIGRATED)
    is_met = whole_figures is None or (
        whole_figures["ratio"] >= _LEAST_RATIO and whole_figures["peak_bytes"] < _MOST_BYTES
    )
    return 0 if is_met else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--indexes", type=int, default=1, help="rounds that build the index too")
    parser.add_argument("--pipes", type=int, default=1, help="of the bare COPY")
    parser.add_argument("--workers", type=int, default=2, help="pieces copied in this process")
    parser.add_argument("--executors", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=1000)
    parser.add_argument("--max-workers", type=int, default=6, help="of the migration")
    parser.add_argument("--ways", nargs="+", choices=_NAMES, default=_NAMES)
    # On the loop that executors run on.
    raise SystemExit(uvloop.run(stoppable(_main(parser.parse_args()))))
