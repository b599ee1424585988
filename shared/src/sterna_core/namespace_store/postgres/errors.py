"""From what the driver raises to the errors of this project; no text of a server passes."""

import asyncpg

from sterna_core.errors import (
    DataRejected,
    MissingRight,
    SternaError,
    TargetConflict,
    Terminal,
    Transient,
    Unreachable,
)

_NO_ENTRY = {"28P01", "28000", "3D000"}
_CONTENTION = {"40001", "40P01", "55P03", "55006", "23505"}
_GONE = {"3F000", "42P01"}
_ALREADY_THERE = {"42P06", "42P07", "42710"}


def translate(error: BaseException) -> SternaError:
    """Give the error of this project that an error of the driver or of a socket stands for."""
    if isinstance(error, SternaError):
        return error
    if not isinstance(error, asyncpg.PostgresError):
        return _unreachable("timeout" if isinstance(error, TimeoutError) else "connection_lost")
    state = str(error.sqlstate or "XX000")
    details = {"sqlstate": state}
    if state in _NO_ENTRY:
        return Terminal(
            "The store's server refuses the user, the password or the database.",
            code="store_refused",
            details=details,
        )
    if state[:2] == "08" or state[:3] == "57P":
        return _unreachable("connection_lost")
    if state in _CONTENTION:
        return Transient(
            "Somebody else writes the same in the store.", code="contention", details=details
        )
    if state == "57014" or state[:2] in {"53", "58", "XX"}:
        return Transient("The store's server fails.", code="store_failing", details=details)
    if state in {"42501", "25006"}:
        return MissingRight(
            "The user of the store lacks a right, or the server takes no writes.", details=details
        )
    if state in _ALREADY_THERE:
        return TargetConflict("The store has something of that name already.", details=details)
    if state in _GONE:
        return Terminal("The space is gone.", code="space_not_found", details=details)
    if state[:2] in {"22", "23"}:
        return DataRejected("The store cannot take a value.", details=details)
    return Terminal("The store refuses a statement.", code="store_refused", details=details)


def _unreachable(reason: str) -> Unreachable:
    return Unreachable(
        "The store does not answer.", code="store_unreachable", details={"reason": reason}
    )
