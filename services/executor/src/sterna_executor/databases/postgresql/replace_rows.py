"""Rows that are refused arrive with another value in one column, as somebody decided.

They are read into a temporary table as text, so that the target's types read every value as a COPY
does, and go from there into theirs one by one. What a row is then, by its hashes, is kept with it:
that is what a comparison expects in its place.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from sterna_core.errors import DataRejected
from sterna_core.migration.replacement import AnyReplacement, FixedValue, Transformed
from sterna_core.migration.set_aside import reason_of
from sterna_core.postgres.identifiers import quote
from sterna_core.tasks.table import TableSpec
from sterna_core.tasks.work import RowReplacement
from sterna_executor.databases.postgresql import receipts, set_aside
from sterna_executor.databases.postgresql.careful_copy import BOUNDS, Careful
from sterna_executor.databases.postgresql.comparable import comparable_target, hashing_of
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.pipe import Inlet, take
from sterna_executor.databases.postgresql.row_windows import in_pieces
from sterna_executor.databases.postgresql.set_aside import at_addresses
from sterna_executor.databases.postgresql.sift import Tally
from sterna_executor.databases.postgresql.sifted_copy import Lane, copy_sifted
from sterna_executor.databases.postgresql.table_query import target_table
from sterna_executor.databases.postgresql.trial import Among, try_transformation
from sterna_executor.databases.postgresql.unreadable import find_unreadable, without

_ADDRESS = "address of sterna"
_STAGED, _VALUE = "sterna_staged", "sterna_value"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """How many rows arrived; `code` and `reason` say why none could, where that is known before."""

    rows: int = 0
    code: str | None = None
    reason: str = ""


async def replace_rows(careful: Careful, wanted: RowReplacement) -> Replaced:
    """Give the rows of an error that are set aside what was decided; what is refused again stays.

    An expression is tried on them first. Everything happens in the caller's target transaction.
    """
    places = await set_aside.addresses_of(careful.target, careful.shelf, wanted.error_id)
    if not places:
        return Replaced()
    table, replacement = careful.shelf.table, wanted.replacement
    if isinstance(replacement, Transformed):
        assert wanted.trial is not None, "an expression is never run untried"
        among = Among(careful.snapshot_id, places)
        tried = await try_transformation(careful.source, wanted.trial, among)
        if tried.code is not None:
            return Replaced(code=tried.code, reason=tried.reason)
        read = _reading(table, replacement.column, tried.expression)
    else:
        read = _reading(table, replacement.column, None)
    await _stage(careful, read, replacement)
    try:
        if isinstance(replacement, FixedValue):
            await _put_value(careful, replacement)
    except DataRejected as error:
        reason = reason_of(str(error.details.get("sqlstate")))
        replaced = Replaced(code="value_refused", reason=reason)
    else:
        replaced = Replaced(rows=await _bring(careful, read, places, replacement))
    with translated("target"):
        await careful.target.execute(f"drop table if exists pg_temp.{_STAGED}, pg_temp.{_VALUE}")
    return replaced


def _reading(table: TableSpec, column: str, expression: str | None) -> TableSpec:
    """Give what is read of the rows: with the expression for the column, or without it."""
    columns = tuple(
        each if each.target != column else replace(each, expression=expression, overridden=True)
        for each in table.columns
        if each.target != column or expression is not None
    )
    return replace(table, columns=columns, copy_format="text")


async def _stage(careful: Careful, read: TableSpec, replacement: AnyReplacement) -> None:
    """Make tables like the target's columns, for this transaction."""
    target, relation = careful.target, target_table(careful.shelf.table)
    columns = "".join(f", {quote(each.target)}" for each in read.columns)
    with translated("target"):
        await target.execute(
            f"create temporary table {_STAGED} on commit drop as"
            f" select null::pg_catalog.tid as {quote(_ADDRESS)}{columns} from {relation}"
            " with no data"
        )
        if isinstance(replacement, FixedValue):
            await target.execute(
                f"create temporary table {_VALUE} on commit drop as"
                f" select {quote(replacement.column)} from {relation} with no data"
            )
        await target.execute("savepoint replacing")


async def _put_value(careful: Careful, replacement: FixedValue) -> None:
    """Let the target's type read the value as it reads one in a COPY; raises DataRejected."""
    text = "\\N" if replacement.text is None else replacement.text.translate(_ESCAPES)
    inlet = Inlet(schema="pg_temp", table=_VALUE, columns=(replacement.column,), copy_format="text")
    data = f"{text}\n".encode()
    try:
        await take(careful.target, inlet, in_pieces(data, len(data)))
    except DataRejected:
        with translated("target"):
            await careful.target.execute("rollback to savepoint replacing")
        raise


async def _bring(
    careful: Careful, read: TableSpec, places: tuple[str, ...], replacement: AnyReplacement
) -> int:
    """Read the rows, and put each into its table that is not refused there either."""
    target, table = careful.target, careful.shelf.table
    names = tuple(each.target for each in read.columns)
    inlet = Inlet(schema="pg_temp", table=_STAGED, columns=(_ADDRESS, *names), copy_format="text")
    lane = Lane(table=read, inlet=inlet, addressed=True)
    bounds = BOUNDS.without_succession()
    async with careful.reading(read) as source:
        condition = at_addresses(places)
        unread = await find_unreadable(source, read, condition, Tally(bounds))
        readable = without(condition, unread)
        await copy_sifted(source, target, lane, readable, Tally(bounds), careful.on_copied)
        hashing = (await hashing_of(source, target))[1]
    hashed = await comparable_target(target, table, hashing)
    statement = _insertion(
        target_table(table), names, replacement, f"{hashed.place or hashed.row}, {hashed.row}"
    )
    arrived = 0
    for place in places:
        arrived += await _bring_one(careful, statement, place, replacement.column)
    return arrived


def _insertion(
    relation: str, names: tuple[str, ...], replacement: AnyReplacement, returned: str
) -> str:
    taken = [(quote(name), f"s.{quote(name)}") for name in names]
    of_value = ""
    if isinstance(replacement, FixedValue):
        taken.append((quote(replacement.column), f"v.{quote(replacement.column)}"))
        of_value = f" cross join pg_temp.{_VALUE} as v"
    columns = ", ".join(into for into, _ in taken)
    values = ", ".join(value for _, value in taken)
    into = f"({columns}) overriding system value select {values}" if taken else " select"
    return (
        f"insert into {relation} {into} from pg_temp.{_STAGED} as s{of_value}"
        f" where s.{quote(_ADDRESS)} = $1::pg_catalog.text::pg_catalog.tid returning {returned}"
    )


async def _bring_one(careful: Careful, statement: str, place: str, column: str) -> int:
    target, shelf = careful.target, careful.shelf
    with translated("target"):
        await target.execute("savepoint replaced_row")
    try:
        with translated("target"):
            hashes = await target.fetchrow(statement, place)
    except DataRejected:
        with translated("target"):
            await target.execute("rollback to savepoint replaced_row")
        return 0
    if hashes is not None:
        await set_aside.has_arrived(
            target, shelf, place, place=hashes[0], row=hashes[1], column=column
        )
        if shelf.table.received:
            with translated("target"):
                await receipts.mark(target, shelf.migration_id, shelf.table.table_id, None)
    with translated("target"):
        await target.execute("release savepoint replaced_row")
    return int(hashes is not None)
