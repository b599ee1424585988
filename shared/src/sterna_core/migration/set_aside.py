"""Rows that the target refused and that were set aside, as reports and events tell of them."""

from typing import Literal

from msgspec import Struct

ErrorClass = Literal[
    "encoding", "type_mismatch", "constraint", "truncation", "network", "resource", "logic"
]

ADDRESSES_TOLD = 10
"""How many rows of an error are named by their address."""

ROWS_REFUSED_MAX = 1_000
"""More refused rows than this in one chunk are no accident: the chunk is given up."""

ROWS_REFUSED_IN_SUCCESSION_MAX = 100
"""As many refused rows one after another, unless the migration says otherwise."""


class SetAside(Struct, frozen=True, kw_only=True):
    """Rows of one table that were refused for one reason, without anything of their contents.

    `error_id` follows from the chunk, the class and the column, so a repeat has the same.
    `addresses` are those of the first rows on the source (`ctid`). `replaced` rows more are in the
    target, with another value in place of the refused one.
    """

    error_id: str
    error_class: ErrorClass
    sqlstate: str
    rows: int
    column: str | None = None
    constraint: str | None = None
    addresses: tuple[str, ...] = ()
    replaced: int = 0


_CLASSES: dict[str, ErrorClass] = {
    "22021": "encoding",
    "22P05": "encoding",
    "22001": "truncation",
    "22026": "truncation",
    "22011": "truncation",
    "22003": "type_mismatch",
    "22007": "type_mismatch",
    "22008": "type_mismatch",
    "22018": "type_mismatch",
    "22023": "type_mismatch",
    "22P02": "type_mismatch",
    "22P03": "type_mismatch",
    "44000": "constraint",
}
_REASONS = {
    "22021": "the text is not valid in the encoding of the database",
    "22P05": "the encoding of the target has no such character",
    "22001": "the value is too long for the column",
    "22026": "the bit string is too long or too short for the column",
    "22003": "the number is out of the range of the column",
    "22007": "the value is no date or time of the column's type",
    "22008": "the date or time is out of the range of the column",
    "22011": "the cast to the column's type would change the value",
    "22012": "an expression divides by zero",
    "22P02": "the value is no valid text of the column's type",
    "22P03": "the value is no valid binary form of the column's type",
    "23502": "a null is not allowed there",
    "23503": "the row that it refers to is not there",
    "23505": "a row with the same unique value is there already",
    "23514": "a check of the target does not hold",
    "23P01": "an exclusion constraint of the target does not hold",
}


def class_of_data(sqlstate: str) -> ErrorClass:
    """Give the class of the SQLSTATE with which a row was refused."""
    if sqlstate[:2] == "23":
        return "constraint"
    return _CLASSES.get(sqlstate, "logic")


def class_of_code(code: str) -> ErrorClass:
    """Give the class of an error that is not about a row, by its code."""
    if code.endswith("_unreachable") or code in {"connection_lost", "snapshot_lost"}:
        return "network"
    if code in {"contention", "too_many_connections", "statement_stopped", "cutover_slow"} or (
        code.endswith(("_failing", "_out_of_disk", "_slow"))
    ):
        return "resource"
    if code in {"data_rejected", "too_many_data_errors"}:
        return "constraint"
    return "logic"


def reason_of(sqlstate: str) -> str:
    """Say in words why a row was refused; never in those of a server."""
    return _REASONS.get(sqlstate, f"the database refused the row (SQLSTATE {sqlstate})")
