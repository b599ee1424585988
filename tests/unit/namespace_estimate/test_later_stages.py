"""What is said of the stages that come after the documents."""

import asyncio
import dataclasses
from itertools import count
from typing import Any

import pytest

from sterna_core.errors import DataRejected
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_estimate import later_stages
from sterna_core.namespace_estimate.figures import known
from sterna_core.namespace_estimate.sample import Sample
from sterna_core.namespace_estimate.search_trial import SEARCHES_MAX, try_searches
from sterna_core.namespace_estimate.subject import Subject
from sterna_core.namespace_migration.benchmark_options import BenchmarkOptions, JudgedQuery
from sterna_core.namespace_migration.config import (
    ClusterOptions,
    MigrationConfig,
    TaxonomyOptions,
)
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.namespace_store.query import Hit, Query
from sterna_core.namespace_store.vector import Vector

URI = "sterna://a@v1/b"
SIZES = {"col_1": 4_000, "col_2": 1_000}
RESOURCES = (
    Resource("col_1", "collection", {"taxonomy_applications": [{"taxonomy_id": "tax_1"}]}),
    Resource("col_2", "collection"),
    Resource("clu_1", "cluster", {"collection_ids": ["col_1", "col_2"]}),
    Resource("tax_1", "taxonomy"),
    Resource("ret_1", "retriever"),
    Resource("ret_2", "retriever"),
)


def subject(**config: Any) -> Subject:
    whole = MigrationConfig(migration_type="copy", source_namespace_id="ns_1", **config)
    return Subject(config=whole, resources=RESOURCES)


def test_what_is_brought_along_takes_no_time_and_what_is_made_anew_takes_that_of_its_documents():
    bare = subject()
    assert later_stages.grouping(bare, SIZES) == known(0)
    assert later_stages.labelling(bare, SIZES) == known(0)
    anew = subject(
        cluster_options=ClusterOptions(recompute_clusters=True),
        taxonomy_options=TaxonomyOptions(re_run_enrichment=True),
    )
    grouping, labelling = later_stages.grouping(anew, SIZES), later_stages.labelling(anew, SIZES)
    assert grouping.value == pytest.approx(5_000 * later_stages.GROUP_SECONDS.value)
    assert labelling.value == pytest.approx(4_000 * later_stages.LABEL_SECONDS.value)
    assert grouping.low < grouping.value < grouping.high


def test_a_benchmark_takes_so_many_searches_as_there_are_questions():
    judged = JudgedQuery(query_id="q", query_input="a text", relevant_documents=("doc_1",))
    asked = BenchmarkOptions(queries=(judged,), retriever_ids=("ret_1",), sample_size=50)
    found = later_stages.benchmarking(subject(benchmark_options=asked), 5_000, known(0.01))
    assert found.value == pytest.approx(51 * 0.01 * later_stages.SEARCHES.value)
    few = later_stages.benchmarking(subject(), 3, known(0.01))
    assert few.value == pytest.approx(2 * 3 * 0.01 * later_stages.SEARCHES.value)
    untried = later_stages.benchmarking(subject(), 5_000, None)
    assert untried.high > 10 * untried.value


async def test_searches_are_tried_with_vectors_of_the_sample_and_the_first_is_not_timed():
    space = await MemoryNamespaceStore().create("ns-1", [Feature(URI, 2)])
    documents = tuple(
        Document(f"doc_{each}", "col_1", {}, {URI: Vector.of((1, each))}) for each in range(500)
    )
    await space.documents.upsert(documents)
    sample = Sample(documents={"col_1": documents}, seconds_each=(), spread=True)
    ticks = count()
    paces = await try_searches(space, sample, seconds=10, stopwatch=lambda: next(ticks))
    assert paces == (1,) * SEARCHES_MAX


@pytest.mark.parametrize("fault", ["slow", "refused"])
async def test_searches_that_are_slow_or_refused_leave_what_was_found_until_then(fault: str):
    class Searches:
        asked = 0

        async def search(self, query: Query) -> tuple[Hit, ...]:
            self.asked += 1
            if self.asked > 2 and fault == "slow":
                await asyncio.Event().wait()
            if self.asked > 2:
                raise DataRejected("No index has such numbers.", details={})
            return ()

        async def build_index(self, feature_uri: str) -> bool:
            return False

    whole = await MemoryNamespaceStore().create("ns-1", [Feature(URI, 1)])
    space = dataclasses.replace(whole, vectors=Searches())
    documents = tuple(
        Document(f"doc_{each}", "col_1", {}, {URI: Vector.of((1,))}) for each in range(20)
    )
    sample = Sample(documents={"col_1": documents}, seconds_each=(), spread=True)
    ticks = count()
    paces = await try_searches(space, sample, seconds=0.05, stopwatch=lambda: next(ticks))
    assert paces == (1,)
