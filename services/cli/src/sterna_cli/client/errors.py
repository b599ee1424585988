from typing import Any

from msgspec import UNSET, Struct, field

from sterna_cli.client.answers import Pagination


class Error(Struct, frozen=True, kw_only=True):
    """A failure of a task, or rows that were refused; nothing of their contents."""

    id: str
    status: str
    error_class: str = field(name="class", default="")
    code: str = ""
    message: str = ""
    table: str | None = None
    column: str | None = None
    sqlstate: str | None = None
    rows: int = 0
    rows_left: int = 0
    rows_replaced: int = 0
    addresses: tuple[str, ...] = ()
    resolution: str | None = None
    reason: str | None = None


class ErrorList(Struct, frozen=True, kw_only=True):
    """Some of a migration's errors."""

    data: tuple[Error, ...]
    pagination: Pagination = field(default_factory=Pagination)


class ErrorDecision(Struct, frozen=True, kw_only=True):
    """What was decided about an error."""

    id: str
    status: str
    resolution: str
    migration_status: str = ""
    message: str = ""


class Resolving(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to become of refused rows; `value` null is a value, and without one it is left out."""

    resolution: str
    reason: str | None = None
    column: str | None = None
    value: Any = UNSET
    expression: str | None = None
