"""The errors of migrations, as rows."""

import asyncpg

from sterna_api.projections.occurrence import Occurrence
from sterna_api.projections.statements import Statements
from sterna_core.ids import ERROR, derived_id
from sterna_core.migration import error_events as ee
from sterna_core.migration import events as ev
from sterna_core.migration.set_aside import class_of_code, reason_of

_SQL = Statements("error_rows.sql")


async def project_error(connection: asyncpg.Connection, occurrence: Occurrence) -> None:
    """Bring a migration's errors up to date; most events do not touch them."""
    key = (occurrence.org_id, occurrence.aggregate_id)
    match occurrence.event:
        case ee.ErrorEscalated() as event:
            await connection.execute(
                _SQL["escalate_rows"],
                *key,
                event.error_id,
                event.error_class,
                reason_of(event.sqlstate),
                event.table_id,
                event.column,
                event.constraint,
                event.sqlstate,
                event.chunk,
                event.rows,
                list(event.addresses),
                event.at,
            )
        case ee.ErrorRetryRequested() as event:
            told = (event.error_id, event.reason, event.by, event.at)
            await connection.execute(_SQL["reopen"], *key, *told)
        case ee.ErrorRetried() as event:
            await connection.execute(
                _SQL["retried"],
                *key,
                event.error_id,
                event.rows_left,
                event.at,
                event.refusal or None,
            )
        case ee.ErrorReplaced() as event:
            await connection.execute(_SQL["replaced"], *key, event.error_id, event.rows, event.at)
        case ee.ErrorResolved() as event:
            await connection.execute(
                _SQL["resolve"],
                *key,
                event.error_id,
                event.resolution,
                event.reason,
                event.by,
                event.at,
            )
        case ee.ErrorKept() as event:
            told = (event.error_id, event.reason, event.by, event.at)
            await connection.execute(_SQL["keep"], *key, *told)
        case ee.ErrorRecovered() as event:
            await connection.execute(_SQL["recover_task"], *key, event.task_id, event.at)
        case ev.TaskRetryScheduled() as event if event.code != "snapshot_lost":
            error_id = derived_id(ERROR, *key, event.task_id, str(event.attempt))
            await _failure(
                connection, key, error_id, "open", event, None, event.task_id, event.failures
            )
        case ev.MigrationFailed() as event:
            error_id = derived_id(ERROR, *key, "failure", str(occurrence.sequence))
            if event.task_id is not None:
                await connection.execute(_SQL["escalate_task"], *key, event.task_id, event.at)
            await _failure(
                connection, key, error_id, "escalated", event, event.table, event.task_id, 1
            )
        case ev.MigrationResumed() as event:
            await connection.execute(_SQL["resume"], *key, event.by, event.at)
        case _:
            return


async def _failure(
    connection: asyncpg.Connection,
    key: tuple[str, str],
    error_id: str,
    status: str,
    event: ev.TaskRetryScheduled | ev.MigrationFailed,
    table: str | None,
    task_id: str | None,
    attempts: int,
) -> None:
    await connection.execute(
        _SQL["insert_failure"],
        *key,
        error_id,
        status,
        class_of_code(event.code),
        event.code,
        event.message,
        table,
        task_id,
        attempts,
        event.at,
    )
