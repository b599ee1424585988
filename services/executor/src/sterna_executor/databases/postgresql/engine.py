import dataclasses
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import assert_never

import msgspec
from msgspec import Struct

from sterna_core.errors import DataRejected
from sterna_core.migration import reports as rep
from sterna_core.secrets.keyring import Keyring
from sterna_core.tasks import work as wk
from sterna_core.tasks.task import Task
from sterna_core.tasks.undo_work import AnyUndo, DropObjects, UndoRows
from sterna_core.tasks.validation_work import AnyValidation
from sterna_executor.databases.postgresql import bookkeeping
from sterna_executor.databases.postgresql.blueprint import Login
from sterna_executor.databases.postgresql.build_object import build_object
from sterna_executor.databases.postgresql.compare import compare_table
from sterna_executor.databases.postgresql.connection import Connection, application_name_for
from sterna_executor.databases.postgresql.copy_changes import copy_changes
from sterna_executor.databases.postgresql.copy_chunk import copy_chunk
from sterna_executor.databases.postgresql.create_schema import SchemaCreated, create_schema
from sterna_executor.databases.postgresql.database import Assignment, Database
from sterna_executor.databases.postgresql.drop_objects import drop_objects
from sterna_executor.databases.postgresql.errors import Role
from sterna_executor.databases.postgresql.finish_cutover import finish_cutover
from sterna_executor.databases.postgresql.plan_check import check_plan, telling_differences
from sterna_executor.databases.postgresql.plan_migration import plan_migration
from sterna_executor.databases.postgresql.plan_parts import split_tables
from sterna_executor.databases.postgresql.pool import ConnectionPool
from sterna_executor.databases.postgresql.receive_rows import read_found, receive_rows
from sterna_executor.databases.postgresql.references import check_references
from sterna_executor.databases.postgresql.repair import repair_table
from sterna_executor.databases.postgresql.retry_rows import retry_rows
from sterna_executor.databases.postgresql.rollback import roll_back
from sterna_executor.databases.postgresql.scan import scan_range
from sterna_executor.databases.postgresql.snapshot import hold_snapshot
from sterna_executor.databases.postgresql.structure_check import check_structure
from sterna_executor.databases.postgresql.trial import try_transformation
from sterna_executor.databases.postgresql.truncate import empty_tables
from sterna_executor.databases.postgresql.undo_rows import undo_rows
from sterna_executor.databases.postgresql.validate import validate
from sterna_executor.tasks.claims import Claims
from sterna_executor.tasks.engine import Report
from sterna_executor.tasks.figures import Telemetry

OBJECTS_A_PART = 500
SKIPPED_NAMED = 1_000
MEBIBYTE = 1024 * 1024


class EngineOptions(Struct, frozen=True, kw_only=True):
    """What the engine takes from the settings."""

    executor_id: str
    connections_per_host: int
    maintenance_bytes: int
    pg_bin_dir: Path | None


class PostgresqlEngine:
    """Carries out tasks from PostgreSQL to PostgreSQL."""

    def __init__(
        self, options: EngineOptions, keyring: Keyring, telemetry: Telemetry, claims: Claims
    ) -> None:
        self._options = options
        self._keyring = keyring
        self._telemetry = telemetry
        self._claims = claims
        self._pool = ConnectionPool(max_connections_per_host=options.connections_per_host)

    async def close(self) -> None:
        """Close the connections that nobody uses."""
        await self._pool.close()

    async def carry_out(self, task: Task, report: Report) -> None:
        """Do a task and report what became of it; see the port."""
        by = _By(task.task_id, task.attempt, self._options.executor_id)
        done = self._assignment(task)
        match task.work:
            case wk.PlanMigration():
                await _plan(done, task.work, by, report)
            case wk.CreateSchema():
                async with telling_differences(done, task.work):
                    await self._create_schema(done, task, task.work, report)
            case wk.HoldSnapshot():
                await self._hold_snapshot(task, by, report)
            case wk.CopyChunk() | wk.ScanRange() | wk.CompareTable() | wk.RepairTable():
                await report(await self._move(done, task, task.work, by))
            case wk.CopyChanges():
                await report(await self._copy_changes(done, task, task.work, by))
            case wk.RetryRows():
                retried = await retry_rows(done, task.work)
                await report(
                    by.says(
                        rep.ReportRowsRetried,
                        rows_copied=retried.rows_copied,
                        rows_left=retried.rows_left,
                        seconds=retried.seconds,
                        rows_replaced=retried.rows_replaced,
                        code=retried.code,
                        reason=retried.reason,
                    )
                )
            case wk.BuildObject():
                async with done.target.session() as target:
                    built = await build_object(
                        target,
                        migration_id=task.migration_id,
                        epoch=task.epoch,
                        object_id=task.work.object_id,
                        maintenance_bytes=self._options.maintenance_bytes,
                    )
                await report(by.says(rep.ReportObjectBuilt, seconds=built.seconds))
            case wk.TryTransformation():
                tried = await try_transformation(done.source, task.work)
                await report(
                    by.says(rep.ReportTransformationTried, **msgspec.structs.asdict(tried))
                )
            case wk.CheckPlan():
                found = await check_plan(done, task.work)
                await report(by.says(rep.ReportPlanChecked, **msgspec.structs.asdict(found)))
            case wk.CheckTarget():
                await _check(done, task.work, by, report)
            case wk.FinishCutover():
                await _finish(done, task.work, by, report)
            case wk.RemoveBookkeeping():
                async with done.target.session() as target:
                    await bookkeeping.remove(target, task.migration_id)
                await report(by.says(rep.ReportBookkeepingRemoved))
            case wk.RaiseFence():
                async with done.target.session() as target:
                    await bookkeeping.raise_fence(
                        target,
                        task.migration_id,
                        task.epoch,
                        partial(self._claims.claim, task),
                    )
                await report(by.says(rep.ReportFenceRaised))
            case wk.RollBack():
                await report(await _roll_back(done, task.work, by))
            case _ if isinstance(task.work, AnyUndo):
                await report(await _take_back(done, task.work, by))
            case _ if isinstance(task.work, AnyValidation):
                validated = await validate(done, task.work)
                await report(by.says(rep.ReportValidated, **msgspec.structs.asdict(validated)))
            case _:
                assert_never(task.work)

    def _assignment(self, task: Task) -> Assignment:
        return Assignment(
            migration_id=task.migration_id,
            task_id=task.task_id,
            epoch=task.epoch,
            source=self._database(task, "source"),
            target=self._database(task, "target"),
        )

    def _database(self, task: Task, role: Role) -> Database:
        endpoint = task.source if role == "source" else task.target
        password = self._keyring.open(endpoint.sealed_password, context=endpoint.seal_context)
        return Database(
            pool=self._pool,
            endpoint=endpoint,
            password=password,
            role=role,
            migration_id=task.migration_id,
        )

    async def _move(
        self,
        done: Assignment,
        task: Task,
        work: wk.CopyChunk | wk.ScanRange | wk.CompareTable | wk.RepairTable,
        by: "_By",
    ) -> Struct:
        table = work.table.table_id
        match work:
            case wk.CopyChunk():
                meter = self._telemetry.meter(task, "data_transfer", table)
                copied = await copy_chunk(done, work, meter)
                return by.says(
                    rep.ReportChunkCopied,
                    rows=copied.rows,
                    bytes=copied.bytes,
                    seconds=copied.seconds,
                    repeated=copied.repeated,
                    set_aside=copied.set_aside,
                )
            case wk.ScanRange():
                scanned = await scan_range(done, work)
                return by.says(rep.ReportRangeScanned, rows=scanned.rows, seconds=scanned.seconds)
            case wk.CompareTable():
                found = await compare_table(done, work)
                return by.says(
                    rep.ReportTableCompared,
                    source_rows=found.source_rows,
                    target_rows=found.target_rows,
                    differing_buckets=found.differing_buckets,
                    source_digest=found.source_digest,
                    target_digest=found.target_digest,
                    seconds=found.seconds,
                    proof=found.proof,
                    rows_set_aside=found.rows_set_aside,
                    rows_replaced=found.rows_replaced,
                )
            case wk.RepairTable():
                meter = self._telemetry.meter(task, "data_transfer", table)
                mended = await repair_table(done, work, meter)
                return by.says(
                    rep.ReportTableRepaired,
                    rows_deleted=mended.rows_deleted,
                    rows_copied=mended.rows_copied,
                    seconds=mended.seconds,
                    set_aside=mended.set_aside,
                )

    async def _copy_changes(
        self, done: Assignment, task: Task, work: wk.CopyChanges, by: "_By"
    ) -> Struct:
        meter = self._telemetry.meter(task, "syncing", work.table.table_id)
        try:
            found = await copy_changes(done, work, meter)
        except DataRejected as error:
            return by.says(rep.ReportChangesRefused, code=error.code, message=error.message)
        return by.says(rep.ReportChangesCopied, **dataclasses.asdict(found))

    async def _create_schema(
        self, done: Assignment, task: Task, work: wk.CreateSchema, report: Report
    ) -> None:
        by = _By(task.task_id, task.attempt, self._options.executor_id)
        async with done.target.session() as target, done.source.session() as source:
            made = await (
                self._receive_rows(source, target, task, work)
                if work.mode == "data_only"
                else create_schema(
                    source,
                    target,
                    source_login=Login(
                        endpoint=done.source.endpoint, password=done.source.password
                    ),
                    target_login=Login(
                        endpoint=done.target.endpoint, password=done.target.password
                    ),
                    migration_id=done.migration_id,
                    epoch=done.epoch,
                    selection=work.selection,
                    structure_digest=work.structure_digest,
                    still_wanted=partial(self._claims.claim, task),
                    pg_bin_dir=self._options.pg_bin_dir,
                )
            )
        objects = made.objects
        parts = [
            objects[start : start + OBJECTS_A_PART]
            for start in range(0, len(objects), OBJECTS_A_PART)
        ]
        for number, part in enumerate(parts):
            await report(by.says(rep.ReportObjectsFound, part=number, objects=part))
        await report(
            by.says(
                rep.ReportSchemaCreated,
                object_parts=len(parts),
                created=dict(made.created),
                skipped=made.skipped[:SKIPPED_NAMED],
                fingerprint_digest=made.fingerprint_digest,
            )
        )

    def _receive_rows(
        self, source: Connection, target: Connection, task: Task, work: wk.CreateSchema
    ) -> Awaitable[SchemaCreated]:
        return receive_rows(
            source,
            target,
            migration_id=task.migration_id,
            epoch=task.epoch,
            selection=work.selection,
            structure_digest=work.structure_digest,
            receiving=work.receiving,
            still_wanted=partial(self._claims.claim, task),
        )

    async def _hold_snapshot(self, task: Task, by: "_By", report: Report) -> None:
        source = self._database(task, "source")
        async with hold_snapshot(
            source.endpoint,
            source.password,
            application_name=application_name_for(task.migration_id),
        ) as held:
            await report(by.says(rep.ReportSnapshotExported, snapshot_id=held.snapshot_id))
            await held.lost.wait()
            await report(by.says(rep.ReportSnapshotLost, snapshot_id=held.snapshot_id))


async def _plan(done: Assignment, work: wk.PlanMigration, by: "_By", report: Report) -> None:
    await report(by.says(rep.ReportPlanBegun))
    async with done.target.session() as target, done.source.session() as source:
        plan = await plan_migration(source, target, done.migration_id, work)
    parts = split_tables(plan.tables)
    for number, tables in enumerate(parts):
        await report(by.says(rep.ReportTablesPlanned, part=number, tables=tables))
    await report(
        by.says(
            rep.ReportPlanCompleted,
            parts=len(parts),
            structure_digest=plan.structure_digest,
            summary=plan.summary,
            phases=plan.phases,
            risks=plan.risks,
        )
    )


async def _roll_back(done: Assignment, work: wk.RollBack, by: "_By") -> Struct:
    undo = empty_tables if work.strategy == "truncate" else roll_back
    async with done.target.session() as target:
        undone = await undo(
            target,
            migration_id=done.migration_id,
            epoch=done.epoch,
            verify=work.verify,
            ledger_required=work.ledger_required,
        )
    return by.says(
        rep.ReportRolledBack, removed=dict(undone.removed), differences=undone.differences
    )


async def _take_back(done: Assignment, work: AnyUndo, by: "_By") -> Struct:
    match work:
        case DropObjects():
            dropped = await drop_objects(done, work)
            return by.says(
                rep.ReportObjectsDropped,
                others=dropped.others,
                dropped=dropped.dropped,
                seconds=dropped.seconds,
            )
        case UndoRows():
            undone = await undo_rows(done, work)
            return by.says(rep.ReportRowsUndone, **msgspec.structs.asdict(undone))


async def _check(done: Assignment, work: wk.CheckTarget, by: "_By", report: Report) -> None:
    async with done.target.session() as target, done.source.session() as source:
        if work.mode == "data_only":
            there = await read_found(target, done.migration_id)
            found = await check_references(target, there.names if there else ())
        else:
            found = await check_structure(source, target, work.selection, work.structure_digest)
    await report(
        by.says(
            rep.ReportTargetChecked,
            checked=found.checked,
            differences=found.differences,
            count=found.count,
            seconds=found.seconds,
        )
    )


async def _finish(done: Assignment, work: wk.FinishCutover, by: "_By", report: Report) -> None:
    async with done.target.session() as target, done.source.session() as source:
        finished = await finish_cutover(
            source,
            target,
            migration_id=done.migration_id,
            task_id=done.task_id,
            epoch=done.epoch,
            selection=work.selection,
            mode=work.mode,
        )
    await report(
        by.says(
            rep.ReportCutoverFinished,
            sequences=finished.sequences,
            materialized_views=finished.materialized_views,
            receipts=finished.receipts,
            seconds=finished.seconds,
        )
    )


class _By:
    """Who reports: the same for every report of a task."""

    def __init__(self, task_id: str, attempt: int, executor_id: str) -> None:
        self._task_id = task_id
        self._attempt = attempt
        self._executor_id = executor_id

    def says(self, kind: Callable[..., Struct], **figures: object) -> Struct:
        """Make a report."""
        return kind(
            task_id=self._task_id,
            attempt=self._attempt,
            executor_id=self._executor_id,
            **figures,
        )
