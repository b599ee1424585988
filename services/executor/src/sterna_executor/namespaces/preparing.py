"""Makes the target ready, and marks it as that of one migration."""

from sterna_core.errors import TargetConflict
from sterna_core.namespace_store.doors import features_of
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.store import NamespaceStore, Space
from sterna_core.tasks.namespace_work import MAP_OF_IDS, NamespaceTask, PrepareTarget


async def prepare_target(store: NamespaceStore, task: NamespaceTask, work: PrepareTarget) -> None:
    """Make the target's space, shut it to earlier work, and keep there what becomes of ids.

    Raises TargetConflict where the space is that of another migration, or is not empty.
    """
    target = await store.create(task.target.namespace_id, features_of(task.target.extractors))
    marked = await _owner(target)
    if marked is None:
        if await target.documents.count() or await target.objects.count():
            raise TargetConflict(
                "The target has documents; it has to be empty.", code="target_not_empty"
            )
        await target.receipts.raise_epoch(task.epoch)
        body = {"ids": work.ids, "kinds": work.kinds, "migration_id": task.migration_id}
        await target.documents.upsert((), Receipt(MAP_OF_IDS, task.epoch, body))
        marked = await _owner(target)
    if marked != task.migration_id:
        raise TargetConflict("The target is that of another migration.", code="target_in_use")


async def fence_target(target: Space, task: NamespaceTask) -> None:
    """Shut a target to work of earlier epochs; one that is not the migration's stays open."""
    if await is_own(target, task):
        await target.receipts.raise_epoch(task.epoch)


async def is_own(target: Space, task: NamespaceTask) -> bool:
    """Tell whether a space is what this migration has made; one that was there has to say so."""
    marked = await _owner(target)
    return marked == task.migration_id or (marked is None and not task.target.existing)


async def _owner(target: Space) -> str | None:
    """Tell which migration a space is the target of."""
    known = await target.receipts.receipt(MAP_OF_IDS)
    return None if known is None else str(known.body["migration_id"])
