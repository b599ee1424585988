"""What an executor says of tasks of a namespace migration that it has done, in a model world."""

from typing import Any

from msgspec import Struct

from sterna_core.namespace_migration import reports as rep
from sterna_core.namespace_migration.batch import Batch, Poison
from sterna_core.tasks import namespace_work as wk

PER_COLLECTION = 3
"""Batches that every collection has here, of two documents each."""


def batches() -> tuple[Batch, ...]:
    """Give the batches of a collection."""
    ends = [None, *(f"doc_{number}" for number in range(1, PER_COLLECTION)), None]
    return tuple(
        Batch(after=ends[number], until=ends[number + 1], expected=2)
        for number in range(PER_COLLECTION)
    )


def reports_of(task: wk.NamespaceTask, *, poison: bool = False) -> tuple[Struct, ...]:
    """Give the reports of a task that was done; boundaries come in two parts."""
    who: dict[str, Any] = {
        "task_id": task.task_id,
        "attempt": task.attempt,
        "executor_id": "exe_1",
    }
    match task.work:
        case wk.PlanBatches(part=part, date_range=dates):
            cut, left_out = (batches()[:1], batches()[1:]), 2 if dates else 0
            return (
                *(
                    rep.ReportBatchesPlanned(
                        **who,
                        part=number,
                        batches=cut[number],
                        left_out=left_out,
                        undated=left_out // 2,
                    )
                    for number in range(part, len(cut))
                ),
                rep.ReportCollectionPlanned(**who, parts=len(cut)),
            )
        case wk.MoveBatch() | wk.MoveBatches():
            is_one = isinstance(task.work, wk.MoveBatch)
            moves = [task.work] if is_one else [*task.work.one_by_one()]
            lost = int(poison)
            named = (Poison(document_id="doc_1", code="unreadable", reason="No text."),) * lost
            documents = sum(each.batch.expected for each in moves) - lost
            done = {"documents": documents, "set_aside": lost, "count": len(moves)}
            return (rep.ReportBatchDone(**who, **done, poison=named),)
        case _:
            return (rep.ReportStepDone(**who),)
