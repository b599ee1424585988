"""`sterna migrations errors`: see what was refused, and decide what becomes of it."""

from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from sterna_cli.client.errors import Error, ErrorDecision, Resolving
from sterna_cli.client.migrations import Migrations
from sterna_cli.commands.asking import shown, with_api
from sterna_cli.console.terminal import Format, Terminal
from sterna_cli.exit_code import ExitCode
from sterna_cli.reach import Reached
from sterna_core.errors import InvalidRequest

Status = Literal["open", "escalated", "resolved", "recovered"]
Resolution = Literal["retry", "skip", "default", "transform", "escalate"]

_PAGE = 100


def errors(
    migration_id: str,
    error_id: str | None = None,
    /,
    *,
    resolve: Resolution | None = None,
    every: Annotated[bool, Parameter(name="--all", negative="")] = False,
    column: str | None = None,
    value: str | None = None,
    expression: str | None = None,
    reason: str | None = None,
    status: Status | None = None,
    limit: int = 20,
    output: Format = "table",
) -> ExitCode:
    """List the errors of a migration, or decide what becomes of rows that were refused.

    Parameters
    ----------
    migration_id
        mig_…
    error_id
        err_…: show this one alone, or resolve it.
    resolve
        retry, skip, default (another value in place of the refused one), transform (an expression
        in place of it) or escalate (leave it to others).
    every
        Resolve every error of refused rows that waits.
    column
        With default and transform: the target's column, where the error names none.
    value
        With default: the value as JSON (5, null, true, "text"), or else as text; without it the
        column's default.
    expression
        With transform: SQL over the source's row.
    reason
        Why; kept with the decision.
    status
        List only those in this status.
    limit
        List at most so many (up to 100).
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        migrations = reached.sterna.migrations
        if resolve is None:
            return await _list(terminal, migrations, migration_id, error_id, status, limit)
        if (error_id is None) == (not every):
            raise InvalidRequest("Name one error to resolve, or give --all.")
        wanted = Resolving(
            resolution=resolve,
            reason=reason,
            column=column,
            value=msgspec.UNSET if value is None else _scalar(value),
            expression=expression,
        )
        ids = [error_id] if error_id else await _waiting(migrations, migration_id)
        decided = [await migrations.resolve_error_with(migration_id, each, wanted) for each in ids]
        if terminal.is_json:
            terminal.document({"data": decided})
            return ExitCode.OK
        for each in decided:
            terminal.say(_said(each))
        if not decided:
            terminal.say("No error of refused rows waits.", "dim")
        return ExitCode.OK

    return with_api(output, answer)


async def _list(
    terminal: Terminal,
    migrations: Migrations,
    migration_id: str,
    error_id: str | None,
    status: Status | None,
    limit: int,
) -> ExitCode:
    if error_id is not None:
        one = await migrations.error(migration_id, error_id)
        return shown(terminal, one, "\n".join(_lines(one)))
    found = await migrations.errors(migration_id, status=status, limit=limit)
    if terminal.is_json:
        terminal.document(found)
        return ExitCode.OK
    terminal.rows(
        ("id", "status", "where", "rows", "left", "replaced", "message"),
        (
            (
                each.id,
                each.status,
                ".".join(part for part in (each.table, each.column) if part),
                f"{each.rows:,}",
                f"{each.rows_left:,}",
                f"{each.rows_replaced:,}",
                each.message,
            )
            for each in found.data
        ),
        right=frozenset({3, 4, 5}),
    )
    if found.pagination.has_more:
        terminal.say(f"{len(found.data)} of {found.pagination.total}", "dim")
    return ExitCode.OK


async def _waiting(migrations: Migrations, migration_id: str) -> list[str]:
    """Name the errors of refused rows that wait for somebody."""
    found: list[str] = []
    offset = 0
    while True:
        page = await migrations.errors(migration_id, status="escalated", limit=_PAGE, offset=offset)
        found += [each.id for each in page.data if each.rows]
        if not page.pagination.has_more:
            return found
        offset += _PAGE


def _lines(one: Error) -> list[str]:
    where = ".".join(part for part in (one.table, one.column) if part)
    lines = [
        f"{one.id} {one.status}: {one.message}",
        f"  {one.error_class} ({one.sqlstate or one.code}), {where}",
        (
            f"  {one.rows:,} rows; {one.rows_left:,} not in the target,"
            f" {one.rows_replaced:,} with another value"
        ),
    ]
    if one.addresses:
        lines.append(f"  at {', '.join(one.addresses)}")
    if one.resolution:
        lines.append(f"  {one.resolution}" + (f": {one.reason}" if one.reason else ""))
    return lines


def _said(each: ErrorDecision) -> str:
    migration = each.migration_status.replace("_", " ")
    return f"{each.id} {each.status}: {each.message}; the migration is {migration}"


def _scalar(text: str) -> Any:
    """Read a JSON value that is no object or array, or else take the text as it is."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return text if isinstance(value, dict | list) else value
