"""How long documents take to be moved and compared, from how long some of them took to be read."""

import math
from typing import Final

from msgspec import Struct

from sterna_core.namespace_estimate.figures import Interval, known
from sterna_core.namespace_estimate.totals import plus, product, times
from sterna_core.namespace_migration.config import BatchOptions, MigrationConfig
from sterna_core.namespace_migration.lots import TURNS, batches_of_lot

READS: Final = 3.0
"""A document is read to be moved, and read on both sides to be compared."""
WRITE_AS_READS: Final = Interval(value=3.0, low=1.0, high=6.0)
"""Writing is not tried, for nothing is written: it takes as long as so many readings."""
STORE_WORKERS_MAX: Final = 4
"""More at once than a store has connections wait for one."""
TASK_SECONDS: Final = Interval(value=0.1, low=0.02, high=0.5)
"""What a task takes beside its work: the way there and back over the bus, more on a busy machine."""
STEPS: Final = 12
"""Tasks that wait for each other whatever there is to do: those of stages, and of tiers."""
JOBS_PER_RESOURCE: Final = 3
"""To make it, to plan or bring it, and to compare or attach it."""


class Amount(Struct, frozen=True, kw_only=True):
    """How much there is to do."""

    documents: int
    resources: int
    config: MigrationConfig


def moving(amount: Amount, reading: Interval) -> Interval:
    """Give the seconds of moving and comparing, by how many it takes to read one document."""
    options = amount.config.batch_options or BatchOptions()
    workers = min(options.max_workers, STORE_WORKERS_MAX)
    factor = plus(known(READS), WRITE_AS_READS)
    return times(product(reading, factor), amount.documents / workers)


def asking(amount: Amount) -> Interval:
    """Give the seconds that tasks take beside their work."""
    options = amount.config.batch_options or BatchOptions()
    batches = math.ceil(amount.documents / options.batch_size)
    lots = max(
        math.ceil(batches / batches_of_lot(amount.config)),
        min(batches, TURNS * options.max_workers),
    )
    jobs = amount.resources * JOBS_PER_RESOURCE + lots
    return times(TASK_SECONDS, STEPS + jobs / options.max_workers)
