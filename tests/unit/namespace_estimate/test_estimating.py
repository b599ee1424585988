"""What is said of a migration before it begins, on a store in memory."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from sterna_core.extractors.extractor import Description, Estimate, Output, estimated_tokens
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_estimate import counting
from sterna_core.namespace_estimate.estimating import estimate
from sterna_core.namespace_estimate.figures import Count, Estimates
from sterna_core.namespace_estimate.findings import warnings_of
from sterna_core.namespace_estimate.subject import Subject
from sterna_core.namespace_migration.config import (
    FeatureExtractorConfig,
    MigrationConfig,
    ResourceFilter,
)
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import MemoryNamespaceStore, MemoryShelf
from sterna_core.namespace_store.span import EVERYTHING, Span
from sterna_core.namespace_store.store import Space

np = pytest.importorskip("numpy")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RESOURCES = (
    Resource("bkt_1", "bucket"),
    Resource("col_1", "collection", {"source": {"bucket_ids": ["bkt_1"]}}),
    Resource("col_2", "collection"),
)


class Counted:
    """An extractor that keeps what it was asked, at a price."""

    def __init__(self, usd_per_token: float | None) -> None:
        self._price = usd_per_token
        self.asked: list[str] = []
        self.description = Description("counted", "v1", (Output("embedding", 8),), 100)

    def estimate(self, texts: Sequence[str]) -> Estimate:
        tokens = estimated_tokens(texts)
        cost = None if self._price is None else tokens * self._price
        return Estimate(len(texts), tokens, cost)

    async def embed(self, texts: Sequence[str]) -> list[Any]:
        self.asked += texts
        return [
            RejectedText("no_features") if text.startswith("!") else np.ones(8, dtype=np.float32)
            for text in texts
        ]


def re_extract() -> MigrationConfig:
    return MigrationConfig(
        migration_type="re_extract",
        source_namespace_id="ns_1",
        feature_extractors=(FeatureExtractorConfig(feature_extractor_name="counted"),),
    )


async def filled(texts: dict[str, list[str | None]]) -> Space:
    space = await MemoryNamespaceStore().create("ns-1", [Feature("sterna://a@v1/b", 2, "cosine")])
    await space.objects.upsert([Document("obj_1", "bkt_1")])
    await space.documents.upsert(
        [
            Document(f"{name}_{number:05}", name, {} if text is None else {"text": text})
            for name, every in texts.items()
            for number, text in enumerate(every)
        ]
    )
    return space


async def measured(space: Space | None, *extractors: Any, config: Any = None) -> Estimates:
    ticks = count()
    subject = Subject(config=config or re_extract(), resources=RESOURCES, extractors=extractors)
    return await estimate(subject, space, clock=lambda: NOW, stopwatch=lambda: next(ticks) / 1000)


async def test_everything_is_counted_and_tokens_of_a_small_source_are_known() -> None:
    space = await filled({"col_1": ["four"] * 30, "col_2": ["eight by"] * 10})
    found = await measured(space, Counted(0.001))
    assert found.documents is not None
    assert found.objects is not None
    assert (found.documents.count, found.documents.exact, found.objects.count) == (40, True, 1)
    assert {name: each.count for name, each in found.counts.items()} == {
        "col_1": 30,
        "col_2": 10,
        "bkt_1": 1,
    }
    assert found.tokens is not None
    assert (found.tokens.low, found.tokens.value, found.tokens.high) == (50, 50, 50)
    assert found.cost_usd is not None
    assert found.cost_usd.value == pytest.approx(0.05)
    assert found.bytes is not None
    assert found.bytes.value == 40 * 8 * 4 + 30 * len('{"text":"four"}') + 10 * len(
        '{"text":"eight by"}'
    )
    assert warnings_of(found) == ()


async def test_a_large_source_is_sampled_from_all_over_and_the_bounds_hold_the_truth() -> None:
    texts: list[str | None] = ["x" * (4 * (1 + number // 1_000)) for number in range(6_000)]
    space = await filled({"col_1": texts, "col_2": ["y" * 80] * 600})
    found = await measured(space, Counted(0.0))
    assert found.sample.spread
    assert 500 <= found.sample.documents <= 700
    assert found.tokens is not None
    truth = estimated_tokens([each for each in texts if each]) + 600 * 20
    assert found.tokens.low < truth < found.tokens.high
    assert found.tokens.high < truth * 1.3


@pytest.mark.parametrize("price", [0.001, None])
async def test_what_costs_money_or_might_is_not_asked(price: float | None) -> None:
    extractor = Counted(price)
    found = await measured(await filled({"col_1": ["a text"] * 20}), extractor)
    assert extractor.asked == []
    assert found.embedding_seconds is None
    assert found.duration_seconds is not None
    assert (found.cost_usd is None) == (price is None)
    assert [each.type for each in found.notes] == ["service_not_asked"]


async def test_the_duration_follows_from_how_long_the_sample_took() -> None:
    few, many = Counted(0.0), Counted(0.0)
    short = await measured(await filled({"col_1": ["a text"] * 400}), few)
    long = await measured(await filled({"col_1": ["a text"] * 40_000}), many)
    assert len(few.asked) == 400
    assert len(many.asked) == 500
    assert short.duration_seconds is not None
    assert long.duration_seconds is not None
    assert short.embedding_seconds is not None
    assert long.embedding_seconds is not None
    assert long.embedding_seconds.value == pytest.approx(
        100 * short.embedding_seconds.value, rel=0.3
    )
    assert long.duration_seconds.value > long.embedding_seconds.value
    assert long.duration_seconds.low < long.duration_seconds.value < long.duration_seconds.high


async def test_documents_without_a_text_and_texts_without_a_vector_are_warned_of() -> None:
    texts: list[str | None] = ["good"] * 80 + ["!bad"] * 10 + ["x" * 101] * 5 + [None] * 5
    found = await measured(await filled({"col_1": texts}), Counted(0.0))
    assert (found.sample.texts, found.sample.without_text) == (95, 5)
    assert (found.sample.embedded, found.sample.rejected) == (80, 15)
    assert [each.type for each in warnings_of(found)] == [
        "documents_without_text",
        "texts_rejected",
    ]


async def test_a_copy_needs_no_tokens_and_an_empty_source_nothing_at_all() -> None:
    copying = MigrationConfig(migration_type="copy", source_namespace_id="ns_1")
    found = await measured(await filled({"col_1": [None] * 5}), config=copying)
    assert found.tokens is not None
    assert found.tokens.high == 0
    assert warnings_of(found) == ()
    for space in (None, await MemoryNamespaceStore().create("ns-2", [])):
        nothing = await measured(space, config=copying)
        assert nothing.documents is not None
        assert nothing.documents.count == 0
        assert [each.type for each in nothing.notes] == ["source_empty"]


async def test_what_takes_too_long_to_count_is_estimated_and_said_to_be() -> None:
    class Slow(MemoryShelf):
        async def count(self, span: Span = EVERYTHING) -> int:
            await asyncio.Event().wait()
            raise AssertionError(span)

        async def rough_count(self, span: Span = EVERYTHING) -> int:
            return len(self._within(span)) + 1

    space = await filled({"col_1": ["a"] * 3})
    assert isinstance(space.documents, MemoryShelf)
    space.documents.__class__ = Slow
    counts = await counting.count_all(space, RESOURCES[1:], seconds=0.01)
    assert [(each.count, each.exact) for each in counts.values()] == [(4, False), (1, False)]


async def test_dates_are_looked_at_in_the_sample() -> None:
    store = MemoryNamespaceStore()
    space = await store.create("ns-1", [])
    for name, number in (("col_1", 4_000), ("col_2", 10)):
        await space.documents.upsert(
            [
                Document(f"{name}_{each:05}", name, {"created_at": f"20{each % 4 + 20}-05-01"})
                for each in range(number)
            ]
        )
    config = MigrationConfig(
        migration_type="copy",
        source_namespace_id="ns_1",
        filters=ResourceFilter(date_range={"after": "2022-01-01"}),
    )
    found = await measured(space, config=config)
    assert 1_800 < found.counts["col_1"].count < 2_200
    assert (found.counts["col_1"].exact, found.counts["col_2"]) == (False, Count(count=4))
    wrong = replace(config, filters=ResourceFilter(date_range={"after": "never"}))
    assert (await measured(space, config=wrong)).counts["col_1"].count == 4_000
