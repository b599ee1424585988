"""Running what an archive holds, in a transaction of its own settings."""

from collections.abc import Iterable

import asyncpg
import structlog

from sterna_core.errors import DataRejected, MissingRight, SternaError, TargetConflict, Terminal
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.postgres.identifiers import quote
from sterna_executor.databases.postgresql.archive import Entry
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translate
from sterna_executor.databases.postgresql.statements import statements

_log = structlog.get_logger(__name__)

_PLAIN = frozenset({"", "heap"})
_MISSING = frozenset({"42704", "42883", "42P01", "3F000", "0A000", "58P01", "22023"})


def statement_of(entry: Entry) -> str:
    """Give the DDL of an entry as pg_restore would run it, without owners and tablespaces."""
    if entry.access_method in _PLAIN:
        return entry.ddl
    method = quote(entry.access_method)
    if entry.relkind == "p":
        # It keeps no rows, so it does not take the default.
        table = f"{quote(entry.schema)}.{quote(entry.tag)}"
        return f"{entry.ddl}\nALTER TABLE {table} SET ACCESS METHOD {method};"
    return (
        f"SET LOCAL default_table_access_method = {method};\n{entry.ddl}\n"
        "SET LOCAL default_table_access_method = 'heap';"
    )


async def settle(connection: Connection) -> None:
    """Set, until the transaction ends, what pg_restore sets before it runs an archive's DDL.

    Event triggers are off where they can be: those that come with the migration must not act on
    what the migration itself does.
    """
    await connection.execute(statements("restore.sql")["settings"])


async def restore(connection: Connection, entries: Iterable[Entry]) -> None:
    """Run the DDL of entries in order, inside the caller's transaction.

    Raises TargetConflict, MissingRight, Transient, or Terminal with the code `schema_not_created`,
    naming the entry that could not be created.
    """
    for entry in entries:
        try:
            await connection.execute(statement_of(entry))
        except DRIVER_ERRORS as error:
            raise creation_error(error, f"{entry.kind.lower()} {entry.name}") from None


async def try_restore(connection: Connection, entry: Entry) -> bool:
    """Run the DDL of an entry that may fail, such as of an extension that nothing needs."""
    try:
        async with connection.transaction():
            await connection.execute(statement_of(entry))
    except asyncpg.PostgresError as error:
        _log.info("schema.entry_skipped", name=entry.name, sqlstate=error.sqlstate)
        return False
    return True


def creation_error(error: Exception, what: str) -> SternaError:
    """Say that `what` could not be created, and why; no text of the server passes."""
    translation = translate(error, "target")
    state = str(getattr(error, "sqlstate", "") or "")
    translation.details |= {"object": what}
    if isinstance(translation, TargetConflict):
        return TargetConflict(
            f"the target already holds {what}: rename or drop it, or choose another target",
            details=translation.details,
        )
    if isinstance(translation, MissingRight):
        return MissingRight(
            f"the role of the target may not create {what}", details=translation.details
        )
    if isinstance(translation, DataRejected):
        return DataRejected(
            f"{what} cannot be created: rows break it (SQLSTATE {state})",
            details=translation.details,
        )
    if state == "53200":
        return Terminal(
            f"the target ran out of lock space at {what}: raise max_locks_per_transaction",
            code="target_out_of_locks",
            details=translation.details,
        )
    if state in _MISSING:
        return Terminal(
            f"the target lacks something that {what} needs (SQLSTATE {state}): an extension, a "
            "role, a library or an object that is not selected",
            code="schema_not_created",
            details=translation.details,
        )
    if translation.code == "target_refused":
        return Terminal(
            f"the target refuses {what} (SQLSTATE {state})",
            code="schema_not_created",
            details=translation.details,
        )
    return translation
