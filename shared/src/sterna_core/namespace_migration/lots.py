"""Which batches go to an executor together: each has its receipt, and all of them one report."""

from collections.abc import Iterable, Iterator

from sterna_core.namespace_migration.config import BatchOptions, MigrationConfig
from sterna_core.namespace_migration.job import BatchJob
from sterna_core.namespace_migration.state import Run

LOT_DOCUMENTS = 4000
"""Documents of a task at the most, where a batch is not larger: seconds of work.

To give out a task and to take its report in costs as much as to copy some hundred documents.
"""

TURNS = 2
"""How often a worker comes for another task at least, so that all of them end together."""


def batches_of_lot(config: MigrationConfig) -> int:
    """Give how many batches go together at the most.

    Where a batch that fails is not to be tried again each goes by itself: of a lot nobody knows
    which of them it was.
    """
    options = config.batch_options or BatchOptions()
    together = config.migration_type == "copy" and options.retry_failed
    return max(1, LOT_DOCUMENTS // options.batch_size) if together else 1


def lots(config: MigrationConfig, run: Run, collections: Iterable[str]) -> Iterator[BatchJob]:
    """Give what was not given out yet; the lots become smaller towards the end.

    Where documents are extracted anew each batch goes by itself: that takes longer than all else.
    """
    options = config.batch_options or BatchOptions()
    most = batches_of_lot(config)
    left = sum(len(each.batches) - each.next for each in run.collections.values())
    for name in collections:
        collection = run.collections[name]
        number = collection.next
        while number < len(collection.batches):
            share = -(-left // (TURNS * options.max_workers))
            count = min(most, share, len(collection.batches) - number)
            yield BatchJob(collection_id=name, number=number, count=count)
            number += count
            left -= count
