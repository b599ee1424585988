"""Leads aliases to the target of a migration and back, and removes a target that is given up."""

from contextlib import suppress

from sterna_core.errors import NotFound
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.tasks.namespace_work import NamespaceTask, RollBack
from sterna_executor.namespaces.book import NamespaceBook
from sterna_executor.namespaces.preparing import fence_target


async def lead(book: NamespaceBook, task: NamespaceTask, *, back: bool = False) -> dict[str, str]:
    """Switch aliases one by one, each in one step; give where each leads afterwards.

    Those that somebody has led elsewhere meanwhile stay as they are.
    """
    return {alias: await book.point(task, alias, back=back) for alias in task.source.aliases}


async def roll_back(
    task: NamespaceTask, work: RollBack, stores: StoreDoors, book: NamespaceBook
) -> dict[str, str]:
    """Roll a migration back; done again, it is the same."""
    target = task.target
    async with stores.store(target.store) as store:
        with suppress(NotFound):  # nothing was ever written, or it is removed by now
            await fence_target(await store.open(target.namespace_id), task)
        led = await lead(book, task, back=True)
        if work.drops_target:
            # Before the namespace: while that is there, whoever was interrupted asks again.
            await store.drop(target.namespace_id)
            await book.remove(task, work.resources)
    return led
