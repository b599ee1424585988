"""A model of the world around a migration: two databases, and executors that may misbehave."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from sterna_core.certificate.proof import TableProof, joined_leaves, root_of_leaves
from sterna_core.ids import derived_id
from sterna_core.journal.local import LocalDecider
from sterna_core.migration import reports as rep
from sterna_core.migration.kept_chunks import KeptChunks
from sterna_core.migration.review import Difference, Rehearsal
from sterna_core.migration.set_aside import SetAside
from sterna_core.migration.validation_events import Finding
from sterna_core.tasks import work as wk
from sterna_core.tasks.task import Task
from sterna_core.tasks.undo_work import DropObjects, UndoRows
from sterna_core.tasks.validation_work import AnyValidation

ANOTHER = -1
"""The version of a row that has another value than the source, as decided."""

_UNFENCED = (
    wk.HoldSnapshot
    | wk.TryTransformation
    | wk.CheckPlan
    | wk.CreateSchema
    | wk.RaiseFence
    | wk.RemoveBookkeeping
)

Rows = dict[str, dict[int, int]]
"""Table to row to the row's version."""


class World:
    """The source, the target, the snapshots, and what executors have committed.

    Row r of a table lies in chunk `r % chunks`; rows added later lie in the last chunk's range
    only if they hash there, which is enough for the model.
    """

    def __init__(
        self, tables: Iterable[str], chunks: int, objects: tuple[rep.PostObject, ...] = ()
    ) -> None:
        self.chunks = chunks
        self.objects = objects
        self.source: Rows = {name: dict.fromkeys(range(4), 0) for name in tables}
        self.moments: Rows = {name: dict.fromkeys(range(4), 0) for name in self.source}
        self.moments_seen: dict[str, Rows] = {}
        self.moment = 0
        self.passes: dict[str, int] = {}
        self.target: Rows = {name: {} for name in self.source}
        self.snapshots: dict[str, Rows] = {}
        self.held: set[str] = set()
        self.receipts: set[tuple[str, int]] = set()
        self.written: dict[tuple[str, int], set[int]] = {}
        self.undone: set[str] = set()
        self.fence: int | None = 1
        self.built: list[str] = []
        self.copies = 0
        self.refused: dict[str, set[int]] = {name: set() for name in self.source}
        self.aside: dict[tuple[str, int], dict[int, str]] = {}
        self.replaced: dict[tuple[str, int], dict[int, str]] = {}
        """Rows that are in the target with `ANOTHER` version, by their error."""
        self.irreplaceable: set[int] = set()
        self.drifted: tuple[Difference, ...] = ()
        self.validated: list[str] = []
        self.wrong: set[str] = set()
        self.bookkeeping = True
        self.differences: tuple[str, ...] = ()

    def write(self, name: str, row: int) -> None:
        """Change the source: a new row, or a new version of one, and say when."""
        rows = self.source[name]
        self.moment += 1
        rows[row] = self.moment
        self.moments[name][row] = self.moment

    def write_late(self, name: str, row: int) -> None:
        """Change the source as a transaction does that took the time long before it committed."""
        before = self.moments[name].get(row, 0)
        self.write(name, row)
        self.moments[name][row] = before

    def remove(self, name: str, row: int) -> None:
        """Delete a row of the source."""
        self.source[name].pop(row, None)
        self.moments[name].pop(row, None)

    def carry_out(self, task: Task) -> tuple[Struct, ...]:
        """Do a task as an executor would; gives its reports."""
        work = task.work
        by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
        if task.epoch != self.fence and not isinstance(work, _UNFENCED):
            return (
                rep.ReportTaskFailed(
                    **by, code="fenced", message="over", transient=False, details={}
                ),
            )
        match work:
            case wk.HoldSnapshot():
                name = f"snap-{len(self.snapshots)}"
                self.snapshots[name] = {t: dict(rows) for t, rows in self.source.items()}
                self.moments_seen[name] = {t: dict(rows) for t, rows in self.moments.items()}
                self.held.add(name)
                return (rep.ReportSnapshotExported(**by, snapshot_id=name),)
            case wk.TryTransformation():
                return (self._tried(work, by),)
            case wk.CheckPlan():
                rehearsal = Rehearsal(tables=len(self.source)) if work.rehearsal else None
                return (rep.ReportPlanChecked(**by, differences=self.drifted, rehearsal=rehearsal),)
            case wk.CreateSchema() if self.drifted:
                details = {
                    "differences": [msgspec.json.encode(each).decode() for each in self.drifted]
                }
                return (
                    rep.ReportTaskFailed(
                        **by,
                        code="structure_changed",
                        message="changed",
                        transient=False,
                        details=details,
                    ),
                )
            case wk.CreateSchema() if self.fence not in {None, task.epoch}:
                return (
                    rep.ReportTaskFailed(
                        **by, code="fenced", message="over", transient=False, details={}
                    ),
                )
            case wk.CreateSchema():
                self.fence = task.epoch
                return (
                    rep.ReportObjectsFound(**by, part=0, objects=self.objects),
                    rep.ReportSchemaCreated(
                        **by, object_parts=1, created={"TABLE": 1}, fingerprint_digest="f"
                    ),
                )
            case wk.BuildObject():
                if work.object_id not in self.built:
                    self.built.append(work.object_id)
                return (rep.ReportObjectBuilt(**by, seconds=0.1),)
            case _ if isinstance(work, AnyValidation):
                return self._validate(task, work)
            case wk.CheckTarget():
                return (
                    rep.ReportTargetChecked(
                        **by,
                        checked=3,
                        differences=self.differences,
                        count=len(self.differences),
                        seconds=0.1,
                    ),
                )
            case wk.FinishCutover():
                return (
                    rep.ReportCutoverFinished(
                        **by, sequences=0, materialized_views=0, receipts=0, seconds=0.1
                    ),
                )
            case wk.RemoveBookkeeping():
                self.bookkeeping = False
                return (rep.ReportBookkeepingRemoved(**by),)
            case wk.RaiseFence() if self.fence is not None and task.epoch < self.fence:
                return (
                    rep.ReportTaskFailed(
                        **by, code="fenced", message="over", transient=False, details={}
                    ),
                )
            case wk.RaiseFence():
                self.fence = task.epoch
                return (rep.ReportFenceRaised(**by),)
            case wk.RollBack():
                assert self.bookkeeping, "nothing tells what was created"
                self.target = {name: {} for name in self.target}
                self.receipts.clear()
                self.built.clear()
                self.aside.clear()
                self.fence = None
                return (rep.ReportRolledBack(**by, removed={}, differences=()),)
            case DropObjects():
                if task.task_id not in self.undone:  # a repeat finds its receipt
                    self.undone.add(task.task_id)
                    self.built = [each for each in self.built if each not in work.object_ids]
                return (
                    rep.ReportObjectsDropped(
                        **by, others=(), dropped=len(work.object_ids), seconds=0.1
                    ),
                )
            case UndoRows():
                return (self._undo(task, work),)
            case _:
                return self._read(task)

    def _undo(self, task: Task, work: UndoRows) -> Struct:
        """Take chunks back; a repeat of what was done finds its receipt."""
        name, stay = work.table.table_id, KeptChunks(work.below, work.but)
        removed = 0
        if task.task_id not in self.undone:
            self.undone.add(task.task_id)
            rows = self.target[name]
            left = {
                row
                for chunk in range(self.chunks)
                if stay.holds(chunk)
                for row in self.written.get((name, chunk), set())
            }
            removed = len(rows.keys() - left)
            self.target[name] = {row: version for row, version in rows.items() if row in left}
            self.receipts -= {
                each for each in self.receipts if each[0] == name and not stay.holds(each[1])
            }
            self.aside = {
                key: {row: error for row, error in found.items() if stay.holds(row % self.chunks)}
                if key[0] == name
                else found
                for key, found in self.aside.items()
            }
        return rep.ReportRowsUndone(
            task_id=task.task_id,
            attempt=task.attempt,
            executor_id="exec_1",
            rows=len(self.target[name]),
            bytes=stay.count,
            rows_removed=removed,
            seconds=0.1,
        )

    def _tried(self, work: wk.TryTransformation, by: dict[str, Any]) -> Struct:
        if "/ 0" in work.expression:
            return rep.ReportTransformationTried(
                **by,
                expression=work.expression,
                rows=4,
                failed=4,
                whole=True,
                code="values_do_not_fit",
                reason="4 of 4 rows tried fail: a division by zero",
            )
        return rep.ReportTransformationTried(
            **by, expression=work.expression, rows=4, failed=0, whole=True
        )

    def _validate(self, task: Task, work: AnyValidation) -> tuple[Struct, ...]:
        by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
        kind = type(work).__name__.removeprefix("Validate").lower()
        self.validated.append(kind)
        if getattr(work, "snapshot_id", None) not in {None, *self.held}:
            return (
                rep.ReportTaskFailed(
                    **by, code="snapshot_lost", message="gone", transient=True, details={}
                ),
            )
        failed = int(kind in self.wrong)
        finding = Finding(subject=kind, passed=not failed, text="it is wrong" if failed else "")
        return (
            rep.ReportValidated(**by, checked=3, failed=failed, findings=(finding,), seconds=0.1),
        )

    def _read(self, task: Task) -> tuple[Struct, ...]:
        work = task.work
        assert isinstance(
            work,
            wk.CopyChunk
            | wk.ScanRange
            | wk.CompareTable
            | wk.RepairTable
            | wk.RetryRows
            | wk.CopyChanges,
        )
        by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
        name = work.table.table_id
        if isinstance(work, wk.CopyChunk) and (name, work.chunk) in self.receipts:
            told = self.told(name, work.generation, work.chunk)
            return (
                rep.ReportChunkCopied(
                    **by, rows=1, bytes=1, seconds=0.1, repeated=True, set_aside=told
                ),
            )
        if work.snapshot_id not in self.held:
            return (
                rep.ReportTaskFailed(
                    **by, code="snapshot_lost", message="gone", transient=True, details={}
                ),
            )
        seen = self.snapshots[work.snapshot_id][name]
        if not isinstance(work, wk.CopyChunk):
            # A later pass shuts out what belongs to an earlier one.
            self.passes[name] = max(self.passes.get(name, 0), work.pass_number)
            if work.pass_number < self.passes[name]:
                return (
                    rep.ReportTaskFailed(
                        **by, code="fenced", message="over", transient=False, details={}
                    ),
                )
        match work:
            case wk.CopyChanges():
                return (self._copy_changes(task, work, seen, by),)
            case wk.CopyChunk():
                rows = {r: v for r, v in seen.items() if r % self.chunks == work.chunk}
                assert not rows.keys() & self.target[name].keys(), "a row is copied twice"
                refused = rows.keys() & self.refused[name]
                aside = self.aside.setdefault((name, work.generation), {})
                aside |= dict.fromkeys(refused, derived_id("err_", name, str(work.chunk)))
                self.target[name].update({r: v for r, v in rows.items() if r not in refused})
                self.receipts.add((name, work.chunk))
                self.written[name, work.chunk] = rows.keys() - refused
                self.copies += 1
                return (
                    rep.ReportChunkCopied(
                        **by,
                        rows=len(rows) - len(refused),
                        bytes=1,
                        seconds=0.1,
                        repeated=False,
                        set_aside=self.told(name, work.generation, work.chunk),
                    ),
                )
            case wk.ScanRange():
                return (rep.ReportRangeScanned(**by, rows=1, seconds=0.1),)
            case wk.CompareTable():
                aside = self.aside.get((name, work.generation), {}) if work.some_set_aside else {}
                replaced = self.replaced.get((name, work.generation), {})
                seen = {r: v for r, v in seen.items() if r not in aside}
                seen |= dict.fromkeys(replaced, ANOTHER)
                return (
                    rep.ReportTableCompared(
                        **by,
                        source_rows=len(seen),
                        target_rows=len(self.target[name]),
                        differing_buckets=int(seen != self.target[name]),
                        source_digest="a",
                        target_digest="b",
                        seconds=0.1,
                        rows_set_aside=len(aside),
                        rows_replaced=len(replaced),
                        proof=proof_of(seen, self.target[name]),
                    ),
                )
            case wk.RepairTable():
                refused = seen.keys() & self.refused[name]
                known = {
                    row: error_id
                    for kept in (self.aside, self.replaced)
                    for (table, _), rows in sorted(kept.items())
                    if table == name
                    for row, error_id in rows.items()
                }
                self.aside = {key: rows for key, rows in self.aside.items() if key[0] != name}
                self.replaced = {key: rows for key, rows in self.replaced.items() if key[0] != name}
                self.aside[name, work.generation] = {
                    row: known.get(row, derived_id("err_", name, "repair")) for row in refused
                }
                self.target[name] = {r: v for r, v in seen.items() if r not in refused}
                for each in work.replacements:
                    self._replace(name, work.generation, each)
                return (
                    rep.ReportTableRepaired(
                        **by,
                        rows_deleted=0,
                        rows_copied=1,
                        seconds=0.1,
                        set_aside=self.told(name, work.generation),
                    ),
                )
            case wk.RetryRows():
                aside = self.aside.get((name, work.generation), {})
                tried = {row for row, error_id in aside.items() if error_id == work.error_id}
                arrived = tried - self.refused[name]
                for row in arrived:
                    del aside[row]
                    self.target[name][row] = seen[row]
                code, replaced = None, 0
                wanted = work.replacement
                if wanted and wanted.trial and "/ 0" in wanted.trial.expression:
                    code = "values_do_not_fit"
                elif wanted:
                    replaced = self._replace(name, work.generation, wanted)
                return (
                    rep.ReportRowsRetried(
                        **by,
                        rows_copied=len(arrived) + replaced,
                        rows_left=len(tried) - len(arrived) - replaced,
                        seconds=0.1,
                        rows_replaced=replaced,
                        code=code,
                        reason="all rows tried fail: a division by zero" if code else "",
                    ),
                )

    def _copy_changes(
        self, task: Task, work: wk.CopyChanges, seen: dict[int, int], by: dict[str, Any]
    ) -> Struct:
        name = work.table.table_id
        moments = self.moments_seen[work.snapshot_id][name]
        since = -1 if work.since is None else int(work.since) - work.overlap_seconds
        found = {row: seen[row] for row, moment in moments.items() if moment >= since}
        if found.keys() & self.refused[name]:
            return rep.ReportChangesRefused(**by, code="data_rejected", message="No.")
        different = {row for row in found if self.target[name].get(row) != found[row]}
        if task.task_id not in self.receipts:
            self.receipts.add(task.task_id)
            self.target[name].update(found)
        return rep.ReportChangesCopied(
            **by,
            rows_read=len(found),
            rows_removed=len(different & seen.keys()),
            rows_written=len(different),
            high_water=str(max(moments.values(), default=0)),
            seconds=0.1,
        )

    def _replace(self, name: str, generation: int, wanted: wk.RowReplacement) -> int:
        """Give the rows of an error another value, all but those that take none."""
        aside = self.aside.get((name, generation), {})
        rows = {row for row, error_id in aside.items() if error_id == wanted.error_id}
        for row in rows - self.irreplaceable:
            self.replaced.setdefault((name, generation), {})[row] = aside.pop(row)
            self.target[name][row] = ANOTHER
        return len(rows - self.irreplaceable)

    def told(self, name: str, generation: int, chunk: int | None = None) -> tuple[SetAside, ...]:
        """Tell of the rows that are set aside, by error."""
        found = self.aside.get((name, generation), {})
        counts = Counter(
            error_id for row, error_id in found.items() if chunk in {None, row % self.chunks}
        )
        replaced = Counter(self.replaced.get((name, generation), {}).values())
        if chunk is not None:
            replaced.clear()
        return tuple(
            SetAside(
                error_id=error_id,
                error_class="constraint",
                sqlstate="23514",
                rows=counts[error_id],
                replaced=replaced[error_id],
            )
            for error_id in sorted(counts | replaced)
        )


def proof_of(source: dict[int, int], target: dict[int, int]) -> TableProof:
    """Make a proof with one leaf a side, over the rows of the model."""
    theirs, ours = (
        joined_leaves({0: sha256(repr(sorted(rows.items())).encode()).digest()}, 0)
        for rows in (source, target)
    )
    return TableProof(
        canon="value",
        oldest_major=18,
        same_encoding=True,
        bucket_bits=0,
        leaf_bits=0,
        source_root=root_of_leaves(theirs),
        target_root=root_of_leaves(ours),
        leaves=ours,
    )


def outstanding(decider: LocalDecider, migration_id: str) -> list[Task]:
    """Give the tasks that should be with executors now."""
    bodies = [each.body for each in decider.tasks(migration_id)]
    return [body for body in bodies if isinstance(body, Task)]
