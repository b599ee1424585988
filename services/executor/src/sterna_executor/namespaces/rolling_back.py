"""Leads aliases to the target of a migration and back, and removes a target that is given up."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from sterna_core.errors import NotFound
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.tasks.namespace_work import NamespaceTask, RollBack
from sterna_executor.namespaces.book import NamespaceBook
from sterna_executor.namespaces.preparing import fence_target, is_own

ForgetFiles = Callable[[str], Awaitable[None]]
"""Removes the files that clusters of a namespace have."""


async def lead(book: NamespaceBook, task: NamespaceTask, *, back: bool = False) -> dict[str, str]:
    """Switch aliases one by one, each in one step; give where each leads afterwards.

    Those that somebody has led elsewhere meanwhile stay as they are.
    """
    return {alias: await book.point(task, alias, back=back) for alias in task.source.aliases}


async def roll_back(
    task: NamespaceTask,
    work: RollBack,
    stores: StoreDoors,
    book: NamespaceBook,
    forget_files: ForgetFiles,
) -> dict[str, str]:
    """Roll a migration back; done again, it is the same.

    A target that another migration or somebody else has come to use stays as it is.
    """
    target = task.target
    async with stores.store(target.store) as store:
        space = None
        with suppress(NotFound):  # nothing was ever written, or it is removed by now
            space = await store.open(target.namespace_id)
        if space is not None:
            await fence_target(space, task)
        led = await lead(book, task, back=True)
        ours = not target.existing if space is None else await is_own(space, task)
        if work.drops_target and ours:
            # The space comes last: its mark says to whoever is interrupted that this is not over.
            await book.remove(task, work.resources)
            await forget_files(target.namespace_id)
            await store.drop(target.namespace_id)
    return led
