from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, assert_never

import msgspec

from sterna_core.errors import NotFound
from sterna_core.namespace_migration import reports as rep
from sterna_core.namespace_migration.batch import Poison
from sterna_core.namespace_migration.date_range import read_date_range
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.references_report import ReferencesReport
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.namespace_store.store import NamespaceStore, Space
from sterna_core.retriever.embedding import InstalledEmbedders
from sterna_core.tasks import namespace_work as wk
from sterna_executor.clusters.door import Clusters
from sterna_executor.namespaces.arriving import Arriving, require_extractors
from sterna_executor.namespaces.benchmark.retriever_benchmark import Spaces, benchmark
from sterna_executor.namespaces.book import NamespaceBook
from sterna_executor.namespaces.copying import compare, move_batch, shelf_of
from sterna_executor.namespaces.documents import KeptMap, rewriting_for
from sterna_executor.namespaces.enriching import enrich
from sterna_executor.namespaces.histories import compare_history, move_history
from sterna_executor.namespaces.indexing import build_index
from sterna_executor.namespaces.planning import plan_batches, require_never_there
from sterna_executor.namespaces.preparing import fence_target, prepare_target
from sterna_executor.namespaces.reference_check import check_references
from sterna_executor.namespaces.rolling_back import lead, roll_back
from sterna_executor.tasks.claims import Claims
from sterna_executor.tasks.engine import Report

MAPS_KEPT = 16
BATCHES_A_PART = 1_000


class NamespaceEngine:
    """Carries out tasks from store to store."""

    def __init__(
        self,
        stores: StoreDoors,
        book: NamespaceBook,
        claims: Claims,
        embedders: InstalledEmbedders,
        clusters: Clusters,
        executor_id: str,
    ) -> None:
        self._stores = stores
        self._book = book
        self._claims = claims
        self._embedders = embedders
        self._clusters = clusters
        self._executor_id = executor_id
        self._maps: OrderedDict[str, KeptMap] = OrderedDict()

    async def close(self) -> None:
        """Close the stores."""
        await self._stores.close()

    async def carry_out(self, task: wk.NamespaceTask, report: Report) -> None:
        """Do a task and report what became of it; see the port."""
        by: dict[str, Any] = {
            "task_id": task.task_id,
            "attempt": task.attempt,
            "executor_id": self._executor_id,
        }
        work = task.work
        figures: dict[str, float] = {}
        aliases: dict[str, str] = {}
        match work:
            case wk.PrepareTarget():
                await report(rep.ReportWorkBegun(**by))
                await self._prepare(task, work)
            case wk.MakeResource() | wk.AttachResource():
                await self._claims.claim(task)
                await self._book.put(task, work.made)
            case wk.PlanBatches():
                await self._plan(task, work, by, report)
                return
            case wk.MoveBatch():
                await report(await self._move(task, [work], by))
                return
            case wk.MoveBatches():
                await report(await self._move(task, [*work.one_by_one()], by))
                return
            case wk.BuildIndex():
                async with self._spaces(task) as (_, target):
                    figures = await build_index(work, target)
            case wk.BringCluster():
                figures = await self._bring_cluster(task, work)
            case wk.BringTaxonomy():
                figures = await self._enrich(task, work)
            case wk.BenchmarkRetriever():
                await report(await self._benchmark(task, work, by))
                return
            case wk.CompareCollection():
                figures = await self._compare(task, work)
            case wk.CheckReferences():
                found = await self._references(task, work)
                await report(rep.ReportStepDone(**by, references=found))
                return
            case wk.SwitchNamespace():
                await self._claims.claim(task)
                aliases = await lead(self._book, task)
            case wk.FenceTarget():
                async with self._stores.store(task.target.store) as store:
                    target = await _opened(store, task.target)
                    if target is not None:
                        await fence_target(target, task)
                await self._claims.claim(task)
                aliases = await lead(self._book, task, back=True)
            case wk.RollBack():
                await self._claims.claim(task)
                aliases = await roll_back(
                    task, work, self._stores, self._book, self._clusters.forget
                )
            case _:
                assert_never(work)
        await report(rep.ReportStepDone(**by, aliases=aliases, figures=figures))

    async def _prepare(self, task: wk.NamespaceTask, work: wk.PrepareTarget) -> None:
        await require_extractors(task, self._embedders)
        await self._claims.claim(task)
        if not task.target.existing:
            await self._book.create(task)
        async with self._stores.store(task.target.store) as store:
            await prepare_target(store, task, work)

    async def _plan(
        self, task: wk.NamespaceTask, work: wk.PlanBatches, by: dict[str, Any], report: Report
    ) -> None:
        async with self._spaces(task) as (source, _):
            if source is None:
                require_never_there(work)
                await report(rep.ReportCollectionPlanned(**by, parts=work.part))
                return
            shelf = shelf_of(source, work.kind)
            dates = read_date_range(work.date_range)
            planned = await plan_batches(
                shelf, work.collection_id, work.batch_size, work.after, dates
            )
        parts = [
            planned[start : start + BATCHES_A_PART]
            for start in range(0, len(planned), BATCHES_A_PART)
        ]
        for number, part in enumerate(parts, work.part):
            await report(
                rep.ReportBatchesPlanned(
                    **by,
                    part=number,
                    batches=tuple(each.batch for each in part),
                    left_out=sum(each.left_out for each in part),
                    undated=sum(each.undated for each in part),
                )
            )
        await report(rep.ReportCollectionPlanned(**by, parts=work.part + len(parts)))

    async def _move(
        self, task: wk.NamespaceTask, batches: Sequence[wk.MoveBatch], by: dict[str, Any]
    ) -> rep.ReportBatchDone:
        documents, size, poison = 0, 0, list[Poison]()
        async with self._spaces(task) as (source, target):
            if source is None or target is None:
                raise NotFound("The space of the source or of the target is gone.")
            rewriting = rewriting_for(task, await self._map(task, target))
            for work in batches:
                if work.kind == "retriever":
                    documents += await move_history(task, work, source, target, rewriting.ids)
                    continue
                arriving = Arriving(task, work, rewriting, self._embedders)
                moved, refused, written = await move_batch(task, work, source, target, arriving)
                documents += moved
                size += written
                poison += refused
        return rep.ReportBatchDone(
            **by,
            count=len(batches),
            documents=documents,
            set_aside=len(poison),
            poison=tuple(poison[:100]),
            bytes=size,
        )

    async def _compare(
        self, task: wk.NamespaceTask, work: wk.CompareCollection
    ) -> dict[str, float]:
        async with self._spaces(task) as (source, target):
            if target is None:
                raise NotFound("The space of the target is gone.")
            rewriting = rewriting_for(task, await self._map(task, target))
            if work.kind == "retriever":
                records = await compare_history(task, work, source, target, rewriting.ids)
                return {"documents_compared": float(records)}
            arriving = Arriving(task, work, rewriting, self._embedders)
            found = await compare(work, source, target, arriving)
        return {"documents_compared": float(found.count)}

    async def _benchmark(
        self, task: wk.NamespaceTask, work: wk.BenchmarkRetriever, by: dict[str, Any]
    ) -> rep.ReportStepDone:
        async with self._spaces(task) as (source, target):
            if target is None:
                raise NotFound("The space of the target is gone.")
            if source is None:  # nothing was ever written to it: there is nothing to find
                return rep.ReportStepDone(**by)
            spaces = Spaces(source, target, rewriting_for(task, await self._map(task, target)))
            found = await benchmark(task, work, spaces, self._embedders)
        figures = {"searches": float(found.searches), "alike": float(found.alike)}
        return rep.ReportStepDone(**by, figures=figures, benchmark=found)

    async def _bring_cluster(
        self, task: wk.NamespaceTask, work: wk.BringCluster
    ) -> dict[str, float]:
        async with self._spaces(task) as (source, target):
            if target is None:
                raise NotFound("The space of the target is gone.")
            rewriting = rewriting_for(task, await self._map(task, target))
            await self._claims.claim(task)
            return await self._clusters.bring(task, work, source, target, rewriting)

    async def _enrich(self, task: wk.NamespaceTask, work: wk.BringTaxonomy) -> dict[str, float]:
        if work.made is None or not work.applications:
            return {}  # what it wrote into documents has come with them
        async with self._spaces(task) as (source, target):
            if source is None or target is None:
                return {}  # no document was ever written
            spaces = Spaces(source, target, rewriting_for(task, await self._map(task, target)))
            embedder = self._embedders.of(task.target.extractors)
            return await enrich(task, work, work.made, spaces, embedder)

    async def _references(
        self, task: wk.NamespaceTask, work: wk.CheckReferences
    ) -> ReferencesReport:
        differing = await self._book.differing(task, work.digests)
        async with self._spaces(task) as (_, target):
            if target is None:
                raise NotFound("The space of the target is gone.")
            return await check_references(work, target, await self._map(task, target), differing)

    async def _map(self, task: wk.NamespaceTask, target: Space) -> KeptMap:
        known = self._maps.get(task.migration_id)
        if known is None:
            receipt = await target.receipts.receipt(wk.MAP_OF_IDS)
            if receipt is None:
                raise NotFound("The target does not say what becomes of ids.")
            known = msgspec.convert(receipt.body, KeptMap)
            self._maps[task.migration_id] = known
            if len(self._maps) > MAPS_KEPT:
                self._maps.popitem(last=False)
        return known

    @asynccontextmanager
    async def _spaces(
        self, task: wk.NamespaceTask
    ) -> AsyncGenerator[tuple[Space | None, Space | None]]:
        """Lend both spaces; None for one that nothing was ever written to."""
        async with AsyncExitStack() as stack:
            spaces: list[Space | None] = []
            for place in (task.source, task.target):
                store = await stack.enter_async_context(self._stores.store(place.store))
                spaces.append(await _opened(store, place))
            yield spaces[0], spaces[1]


async def _opened(store: NamespaceStore, place: Place) -> Space | None:
    """Open a space; None where nothing was ever written."""
    try:
        return await store.open(place.namespace_id)
    except NotFound:
        return None
