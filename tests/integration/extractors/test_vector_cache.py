"""Vectors that are kept: the real store and its fake keep the same promises."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

import numpy as np
import pytest
from msgspec.structs import replace
from tests.servers import PostgresTestServer

from sterna_core.errors import Unreachable
from sterna_core.extractors.cache.embed_cached import embed_cached
from sterna_core.extractors.cache.lazy_vector_cache import REST_SECONDS, LazyVectorCache
from sterna_core.extractors.cache.memory_vector_cache import InMemoryVectorCache
from sterna_core.extractors.cache.postgres_vector_cache import open_vector_cache
from sterna_core.extractors.cache.retention import VectorRetention
from sterna_core.extractors.cache.vector_cache import (
    VectorCache,
    VectorCacheAway,
    content_hash,
    space_of,
)
from sterna_core.extractors.extractor import Description, Estimate, Output, estimated_tokens
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.extractors.vector import Vector
from sterna_core.secrets.secret import Secret

_DESCRIPTION = Description("counted", "v1", (Output("embedding", 4),), 1000, {"dimension": 4})


class Counted:
    """An extractor that counts what it is asked for, at a dollar a text."""

    def __init__(self, description: Description = _DESCRIPTION) -> None:
        self.description = description
        self.texts: list[str] = []
        self.fails = False

    def estimate(self, texts: Sequence[str]) -> Estimate:
        return Estimate(len(texts), estimated_tokens(texts), float(len(texts)))

    async def embed(self, texts: Sequence[str]) -> list[Vector | RejectedText]:
        if self.fails:
            raise Unreachable("the service is away")
        self.texts += texts
        return [RejectedText("refused") if text == "refused" else _vector(text) for text in texts]


def _vector(text: str) -> Vector:
    return np.frombuffer(sha256(text.encode()).digest()[:4], np.uint8).astype(np.float32) / 7 + 1


@pytest.fixture
async def database(postgres_server: PostgresTestServer) -> Secret:
    return Secret(await postgres_server.create_database())


@pytest.fixture(params=["memory", "postgres"])
async def cache(request: pytest.FixtureRequest, database: Secret) -> AsyncIterator[VectorCache]:
    if request.param == "memory":
        yield InMemoryVectorCache()
        return
    async with open_vector_cache(database) as opened:
        yield opened


async def test_what_was_embedded_once_costs_nothing_again_and_is_the_same_to_the_bit(
    cache: VectorCache,
):
    extractor = Counted()
    texts = [f"text {number}" for number in range(50)]
    first = await embed_cached(extractor, cache, texts)
    assert (first.made.texts, first.made.cost_usd, first.known) == (50, 50.0, 0)
    again = await embed_cached(extractor, cache, [*texts[::-1], "another"])
    assert (again.made.texts, again.made.cost_usd, again.known) == (1, 1.0, 50)
    assert extractor.texts == [*texts, "another"]
    kept = dict(zip(texts[::-1], again.vectors, strict=False))
    for text, vector in zip(texts, first.vectors, strict=True):
        assert isinstance(vector, np.ndarray)
        other = kept[text]
        assert isinstance(other, np.ndarray)
        assert vector.tobytes() == other.tobytes()


async def test_a_text_that_stands_twice_is_embedded_once(cache: VectorCache):
    extractor = Counted()
    embedded = await embed_cached(extractor, cache, ["a", "b", "a", "a"])
    assert extractor.texts == ["a", "b"]
    assert (embedded.made.texts, embedded.known) == (2, 2)
    assert (embedded.vectors[0] == embedded.vectors[3]).all()


async def test_a_batch_that_failed_pays_only_for_what_was_not_kept(cache: VectorCache):
    extractor = Counted()
    await embed_cached(extractor, cache, ["a", "b"])
    extractor.fails = True
    with pytest.raises(Unreachable):
        await embed_cached(extractor, cache, ["a", "b", "c"])
    extractor.fails = False
    retried = await embed_cached(extractor, cache, ["a", "b", "c"])
    assert (retried.made.texts, retried.known) == (1, 2)


@pytest.mark.parametrize(
    "other",
    [
        replace(_DESCRIPTION, name="another"),
        replace(_DESCRIPTION, version="v2"),
        replace(_DESCRIPTION, parameters={"dimension": 4, "more": 1}),
        replace(_DESCRIPTION, outputs=(Output("another", 4),)),
    ],
)
async def test_another_extractor_version_parameter_or_output_finds_nothing(
    cache: VectorCache, other: Description
):
    await embed_cached(Counted(), cache, ["a"])
    embedded = await embed_cached(Counted(other), cache, ["a"])
    assert (embedded.made.texts, embedded.known) == (1, 0)


async def test_poison_is_rejected_in_its_place_and_not_kept(cache: VectorCache):
    extractor = Counted()
    texts = ["a", None, "refused", "x" * 1001, "b"]
    for _ in range(2):
        embedded = await embed_cached(extractor, cache, texts)
        reasons = [
            each.reason if isinstance(each, RejectedText) else None for each in embedded.vectors
        ]
        assert reasons == [None, "not_text", "refused", "too_long", None]
    assert extractor.texts == ["a", "refused", "b", "refused"]


async def test_many_who_keep_the_same_at_once_do_not_block_each_other(cache: VectorCache):
    space = space_of(_DESCRIPTION)
    texts = [f"text {number}" for number in range(200)]
    vectors = {content_hash(text): _vector(text) for text in texts}
    backwards = dict(reversed(vectors.items()))
    await asyncio.gather(*(cache.keep(space, each) for each in (vectors, backwards) * 4))
    found = await cache.find(space, list(vectors))
    assert {place: each.tobytes() for place, each in found.items()} == {
        place: each.tobytes() for place, each in vectors.items()
    }


async def test_what_nobody_asks_for_is_forgotten_some_at_a_time(cache: VectorCache):
    await embed_cached(Counted(), cache, [f"text {number}" for number in range(5)])
    assert await cache.forget(unused_seconds=3600.0, most=10) == 0
    assert await cache.forget(unused_seconds=0.0, most=3) == 3
    assert await cache.forget(unused_seconds=0.0, most=3) == 2
    assert await cache.forget(unused_seconds=0.0, most=3) == 0


async def test_the_retention_forgets_all_that_is_too_old_and_nothing_else(cache: VectorCache):
    await embed_cached(Counted(), cache, [f"text {number}" for number in range(5)])
    assert await VectorRetention(cache, days=1).forget() == 0
    assert await VectorRetention(cache, days=0).forget() == 5


async def test_vectors_outlive_the_process_that_kept_them(database: Secret):
    async with open_vector_cache(database) as cache:
        await embed_cached(Counted(), cache, ["a"])
    async with open_vector_cache(database) as cache:
        assert (await embed_cached(Counted(), cache, ["a"])).made.texts == 0


async def test_a_cache_that_is_away_costs_work_and_nothing_else(database: Secret):
    extractor = Counted()
    async with open_vector_cache(database) as cache:
        pass
    with pytest.raises(VectorCacheAway):
        await cache.find(space_of(_DESCRIPTION), [b"x"])
    embedded = await embed_cached(extractor, cache, ["a"])
    assert embedded.made.texts == 1
    with pytest.raises(VectorCacheAway):
        async with open_vector_cache(Secret("postgresql://127.0.0.1:1/none")):
            pass


class Fickle(Counted):
    """A service that never gives the same vector twice."""

    async def embed(self, texts: Sequence[str]) -> list[Vector | RejectedText]:
        made = await super().embed(texts)
        return [np.asarray(each) + len(self.texts) for each in made]


async def test_of_two_who_make_a_vector_at_once_both_have_the_one_that_is_kept(
    cache: VectorCache,
):
    service = Fickle()
    both = await asyncio.gather(*(embed_cached(service, cache, ["a"]) for _ in range(4)))
    vectors = [each.vectors[0] for each in (*both, await embed_cached(service, cache, ["a"]))]
    assert len({np.asarray(each).tobytes() for each in vectors}) == 1


async def test_a_cache_is_opened_when_it_is_asked_and_left_alone_where_it_is_not_there(
    database: Secret,
):
    space = space_of(_DESCRIPTION)
    times = iter((0.0, 0.0, 1.0, REST_SECONDS + 1.0, REST_SECONDS + 1.0))
    nowhere = Secret("postgresql://127.0.0.1:1/none")
    away = LazyVectorCache(nowhere, monotonic=lambda: next(times))
    for _ in range(3):  # the second time nobody is asked, or there would be too few times
        with pytest.raises(VectorCacheAway):
            await away.find(space, [b"x"])
    await away.close()
    there = LazyVectorCache(database)
    await embed_cached(Counted(), there, ["a"])
    await there.close()
    async with open_vector_cache(database) as cache:
        assert set(await cache.find(space, [content_hash("a")])) == {content_hash("a")}
