"""From what the driver raises to the errors of this project; no text of a server passes.

Only SQLSTATE and the names that a server gives in fields of their own (schema, table, column,
constraint) are kept: messages, details and contexts may quote rows.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Literal

import asyncpg

from sterna_core.errors import (
    DataRejected,
    MissingRight,
    SnapshotLost,
    SternaError,
    TargetConflict,
    Terminal,
    Transient,
    Unreachable,
)
from sterna_core.postgres.driver_errors import DRIVER_ERRORS

Role = Literal["source", "target"]

_NAME_FIELDS = (
    ("schema", "schema_name"),
    ("table", "table_name"),
    ("column", "column_name"),
    ("type", "data_type_name"),
    ("constraint", "constraint_name"),
)
_CONTENTION = {"40001", "40P01", "55P03", "55006"}
_CHANGED_STRUCTURE = {"42P01", "42703", "3F000", "42704", "42883"}
_ALREADY_THERE = {"42P07", "42710", "42P06", "42723", "42701", "42712"}
_NO_ENTRY = {"28P01": "authentication_failed", "28000": "authentication_failed"}


@contextmanager
def translated(role: Role) -> Generator[None]:
    """Turn what the driver raises inside into an error of this project, for one side."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise translate(error, role) from None


def translate(error: BaseException, role: Role) -> SternaError:
    """Give the error of this project that `error` of a driver or a socket stands for.

    `OSError` includes `TimeoutError`, the end of a deadline of ours.
    """
    if isinstance(error, SternaError):
        return error
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return unreachable(role, "timeout")
    if isinstance(error, OSError):
        return unreachable(role, "connection_lost")
    if isinstance(error, asyncpg.PostgresError):
        return _by_state(error, str(error.sqlstate or "XX000"), role)
    # What is left is asyncpg's own: the connection is closed, or its state is not known.
    return unreachable(role, "connection_lost")


def unreachable(role: Role, reason: str) -> Unreachable:
    """Say that a side does not answer."""
    return Unreachable(
        f"the {role} database does not answer ({reason.replace('_', ' ')})",
        code=f"{role}_unreachable",
        details={"reason": reason},
    )


def no_entry(role: Role, reason: str, message: str) -> Terminal:
    """Say that a side cannot be entered, and that trying again does not help."""
    return Terminal(message, code=f"{role}_unreachable", details={"reason": reason})


def _by_state(error: asyncpg.PostgresError, state: str, role: Role) -> SternaError:
    details = _names(error) | {"sqlstate": state, "side": role}
    named = _spoken(details)
    if state in _NO_ENTRY:
        return no_entry(
            role, _NO_ENTRY[state], f"the {role} database refuses the user or the password"
        )
    if state == "3D000":
        return no_entry(role, "no_such_database", f"the {role} server has no such database")
    if state == "57014":
        return Transient(
            f"the {role} database stopped a statement", code="statement_stopped", details=details
        )
    if state[:2] == "08" or state[:3] == "57P":
        return unreachable(role, "connection_lost")
    if state == "72000":
        return SnapshotLost("the source no longer keeps the snapshot", details=details)
    if state in _CONTENTION:
        return Transient(
            f"another session of the {role} database is in the way",
            code="contention",
            details=details,
        )
    if state == "53100":
        return Terminal(
            f"the {role} server has no disk space left: free some, then resume",
            code=f"{role}_out_of_disk",
            details=details,
        )
    if state[:2] in {"53", "58", "XX"}:
        return Transient(
            f"the {role} server lacks a resource or failed inside (SQLSTATE {state})",
            code="too_many_connections" if state == "53300" else f"{role}_failing",
            details=details,
        )
    if state == "42501":
        return MissingRight(
            f"the user of the {role} database lacks a right{named}", details=details
        )
    if state == "25006":
        return MissingRight(
            f"the {role} database takes no writes: it is a standby, or set read-only",
            code=f"{role}_read_only",
            details=details,
        )
    if state in _ALREADY_THERE and role == "target":
        return TargetConflict(
            f"the target already holds an object of that name{named}", details=details
        )
    if state[:2] in {"22", "23", "21", "44"}:
        return DataRejected(
            f"the {role} database cannot take a value{named} (SQLSTATE {state})", details=details
        )
    if state in _CHANGED_STRUCTURE:
        return Terminal(
            f"the {role} database is not what the plan says{named}: plan again",
            code="structure_changed",
            details=details,
        )
    return Terminal(
        f"the {role} database refuses a statement (SQLSTATE {state}){named}",
        code=f"{role}_refused",
        details=details,
    )


def _names(error: asyncpg.PostgresError) -> dict[str, Any]:
    fields = ((name, getattr(error, field, None)) for name, field in _NAME_FIELDS)
    return {name: value for name, value in fields if value}


def _spoken(details: dict[str, Any]) -> str:
    names = [f"{kind} {details[kind]}" for kind, _ in _NAME_FIELDS if kind in details]
    return f" ({', '.join(names)})" if names else ""
