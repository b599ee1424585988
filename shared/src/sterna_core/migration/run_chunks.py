"""Which chunks of a run's tables are in the target, as far as it was reported."""

from sterna_core.migration.job import ChunkJob
from sterna_core.migration.kept_chunks import KeptChunks, kept
from sterna_core.migration.run import Run


def copied_chunks(run: Run) -> dict[str, KeptChunks]:
    """Give for each table, in the run's order, the chunks that are known to be in the target."""
    missing = attempted(run)
    return {
        table_id: kept(
            run.tables[table_id].next_chunk,
            (*run.tables[table_id].again, *missing.get(table_id, ())),
        )
        for table_id in run.order
    }


def attempted(run: Run) -> dict[str, set[int]]:
    """Give the chunks that were given out and are not known to be in the target, by table."""
    found: dict[str, set[int]] = {}
    for each in run.jobs.values():
        if isinstance(each.job, ChunkJob):
            found.setdefault(each.job.table_id, set()).add(each.job.chunk)
    return found
