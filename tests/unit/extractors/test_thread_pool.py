"""Vectors are computed beside the event loop, by no more threads than are allowed."""

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from sterna_core.extractors.extractor import Description, Output
from sterna_core.extractors.thread_pool import LocalExtractor, ThreadPool
from sterna_core.extractors.vector import Matrix

_DEADLINE_SECONDS = 20.0
_DESCRIPTION = Description("a", "v1", (Output("embedding", 1),), 100)


def _numbers(texts: Sequence[str]) -> Matrix:
    return np.array([[float(text)] for text in texts], dtype=np.float32)


async def test_the_event_loop_goes_on_while_texts_are_embedded():
    pool, told = ThreadPool(1), threading.Event()

    def embed(texts: Sequence[str]) -> Matrix:
        assert told.wait(_DEADLINE_SECONDS)  # only a loop that goes on can tell
        return _numbers(texts)

    extractor = LocalExtractor(_DESCRIPTION, embed, pool, slice_texts=2)
    embedding = asyncio.create_task(extractor.embed(["1", "2", "3"]))
    await asyncio.sleep(0)
    assert not embedding.done()
    told.set()
    assert [float(vector[0]) for vector in await embedding] == [1.0, 2.0, 3.0]
    pool.close()


async def test_no_more_threads_work_than_there_are_however_many_ask():
    pool, lock = ThreadPool(2), threading.Lock()
    at_work, most = 0, 0

    def embed(texts: Sequence[str]) -> Matrix:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        made = _numbers(texts)
        with lock:
            at_work -= 1
        return made

    extractor = LocalExtractor(_DESCRIPTION, embed, pool, slice_texts=3)
    texts = [str(number) for number in range(100)]
    for made in await asyncio.gather(*(extractor.embed(texts) for _ in range(5))):
        assert [float(vector[0]) for vector in made] == [float(text) for text in texts]
    assert 1 <= most <= 2
    pool.close()


async def test_what_goes_wrong_in_a_thread_is_told():
    pool = ThreadPool(1)
    extractor = LocalExtractor(_DESCRIPTION, _numbers, pool, slice_texts=2)
    with pytest.raises(ValueError, match="not a number"):
        await extractor.embed(["1", "2", "not a number"])
    pool.close()
