import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sterna_core.extractors.extractor import Description, Estimate, estimated_tokens
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.group_error import foremost

if TYPE_CHECKING:  # what only names extractors does without the extra `namespaces`
    from sterna_core.extractors.vector import Matrix, Vector

THREADS = 2
WAITING_SLICES_PER_THREAD = 2


class ThreadPool:
    """Threads for work that would stall the event loop: a bounded number of them and in line."""

    def __init__(self, threads: int = THREADS) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="sterna-extractor")
        self._places = asyncio.Semaphore(threads * WAITING_SLICES_PER_THREAD)

    async def run(
        self, embed: "Callable[[Sequence[str]], Matrix]", texts: Sequence[str]
    ) -> "Matrix":
        """Embed a slice in a thread; waits for a place before it gets in line."""
        async with self._places:
            return await asyncio.get_running_loop().run_in_executor(self._executor, embed, texts)

    def close(self) -> None:
        """End the threads after the slices they are at; none that waits is begun."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class LocalExtractor:
    """An extractor that computes on this machine, by slices in the threads of a pool."""

    def __init__(
        self,
        description: Description,
        embed: "Callable[[Sequence[str]], Matrix]",
        pool: ThreadPool,
        *,
        slice_texts: int,
    ) -> None:
        self._description = description
        self._embed = embed
        self._pool = pool
        self._slice_texts = slice_texts

    @property
    def description(self) -> Description:
        """Say which extractor this is."""
        return self._description

    @staticmethod
    def estimate(texts: Sequence[str]) -> Estimate:
        """Say what texts will need: no money, for it is this machine."""
        return Estimate(len(texts), estimated_tokens(texts))

    async def embed(self, texts: Sequence[str]) -> "list[Vector | RejectedText]":
        """Embed texts in their order; the event loop goes on meanwhile."""
        starts = range(0, len(texts), self._slice_texts)
        try:
            async with asyncio.TaskGroup() as group:
                slices = [
                    group.create_task(
                        self._pool.run(self._embed, texts[start : start + self._slice_texts])
                    )
                    for start in starts
                ]
        except BaseExceptionGroup as failed:
            raise foremost(failed) from None
        return [vector for each in slices for vector in each.result()]
