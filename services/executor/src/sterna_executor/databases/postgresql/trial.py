"""Tries an expression of a person on rows of the source, where it can do no harm."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from msgspec import Struct

from sterna_core.errors import SternaError
from sterna_core.expression.vetting import ExpressionRefused, vet_expression
from sterna_core.group_error import foremost
from sterna_core.postgres.identifiers import qualified, quote
from sterna_core.tasks.work import TryTransformation
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Database
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.snapshot import look_under
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.trial_fit import fits
from sterna_executor.databases.postgresql.watchdog import Watchdog

ROWS_MAX = 5_000
ROWS_PER_QUERY = 500
PAGES_MAX = 200
FAILURES_MAX = 50
QUERIES_MAX = 500
RESULT_BYTES_MAX = 1024 * 1024
STATEMENT_SECONDS = 5
LOCK_SECONDS = 1
_SEED = 1
_SPOKEN = {
    "22P02": "text that is no value of the type",
    "22003": "a number out of range",
    "22012": "a division by zero",
    "22007": "text that is no date or time",
    "22008": "a date or time out of range",
    "22001": "a value that is too long",
    "22023": "an argument that the function does not take",
    "2201B": "a regular expression that is not one",
    "unfit": "a value that is too long, or null, for the column",
}
_NO_EXPRESSION = {
    "42883": "there is no such function or operator for values of these types",
    "42725": "a function or operator fits in several ways: add casts",
    "42804": "the types do not fit together",
    "42846": "there is no cast from the type of the result to that of the column",
    "42703": "a column does not exist",
    "42P18": "a type cannot be told: add a cast",
    "42601": "this is not an SQL expression",
    "22P02": "a constant is no value of its type",
}


class Tried(Struct, frozen=True, kw_only=True):
    """What became of an expression: `code` and `reason` say why it is refused, if it is.

    `expression` is what is to be run: cast to the type of the target where it has another.
    """

    expression: str
    rows: int = 0
    failed: int = 0
    whole: bool = False
    code: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Among:
    """The rows that an expression is for, by their address under a snapshot."""

    snapshot_id: str
    addresses: tuple[str, ...]


async def try_transformation(
    source: Database, work: TryTransformation, among: Among | None = None
) -> Tried:
    """Run an expression over a sample of its table: all rows of a small one, or those given.

    It runs in a session of its own that is thrown away, in a transaction that is read only, by
    the extended protocol, with limits of time and size; a second session ends the first where it
    does not come back. Only counts leave the source. Raises what `translated` makes of a
    connection that is lost.
    """
    try:
        vetted = vet_expression(work.expression, columns=work.columns, table=work.source_table)
    except ExpressionRefused as refused:
        return Tried(expression=work.expression, code=refused.code, reason=refused.message)
    with translated("source"):
        async with source.session(keep=False) as session:
            watchdog = Watchdog(source, session)
            try:
                async with asyncio.TaskGroup() as group:
                    watching = group.create_task(watchdog.watch())
                    trial = _Trial(session, work, vetted.text, vetted.columns, among)
                    tried = await trial.run()
                    watching.cancel()
            except BaseExceptionGroup as group_error:
                if watchdog.has_bitten:
                    return _slow(work.expression)
                raise foremost(group_error) from None
            return _slow(work.expression) if watchdog.has_bitten else tried


def _slow(expression: str) -> Tried:
    return Tried(
        expression=expression,
        code="expression_too_slow",
        reason="the expression takes too long on the rows of this table",
    )


def _place(address: str) -> tuple[int, int]:
    page, place = address.strip("()").split(",")
    return int(page), int(place)


class _Stopped(Exception):
    """The trial is over before all rows were tried."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


class _Trial:
    """One expression, tried in one session."""

    def __init__(
        self,
        session: Connection,
        work: TryTransformation,
        text: str,
        columns: frozenset[str],
        among: Among | None,
    ) -> None:
        self._session = session
        self._work = work
        self._text = text
        self._columns = columns
        self._among = among
        self._relation = qualified(work.source_schema, work.source_table)
        self._expression = text
        self._failures: Counter[str] = Counter()
        self._queries = 0
        self._rows = 0

    async def run(self) -> Tried:
        async with self._session.transaction(isolation="repeatable_read", readonly=True):
            if self._among is not None:
                await look_under(self._session, self._among.snapshot_id)
            await self._session.fetch(
                statements("trial.sql")["settle"], f"{STATEMENT_SECONDS}s", f"{LOCK_SECONDS}s"
            )
            whole = False
            try:
                whole = await self._try()
            except _Stopped as stopped:
                return self._result(code=stopped.code, reason=stopped.reason)
            except (SternaError, asyncpg.PostgresConnectionError):
                raise
            except asyncpg.QueryCanceledError:
                return _slow(self._text)
            except asyncpg.PostgresError as error:
                return self._result(
                    code="expression_refused",
                    reason=_NO_EXPRESSION.get(
                        str(error.sqlstate),
                        f"the source refuses the expression (SQLSTATE {error.sqlstate})",
                    ),
                )
            if self._failures:
                state, _ = self._failures.most_common(1)[0]
                failed = sum(self._failures.values())
                said = _SPOKEN.get(state, f"an error (SQLSTATE {state})")
                reason = f"{failed:,} of {self._rows:,} rows tried fail: {said}"
                return self._result(code="values_do_not_fit", reason=reason, whole=whole)
            return self._result(whole=whole)

    def _result(self, *, code: str | None = None, reason: str = "", whole: bool = False) -> Tried:
        return Tried(
            expression=self._expression if code is None else self._text,
            rows=self._rows,
            failed=sum(self._failures.values()),
            whole=whole,
            code=code,
            reason=reason,
        )

    async def _try(self) -> bool:
        """Try the rows; tells whether these were all. Raises _Stopped."""
        sql = statements("trial.sql")
        foreign = await self._session.fetch(
            sql["foreign_casts"], self._relation, list(self._columns)
        )
        if foreign:
            raise _Stopped(
                "expression_refused",
                f"the type of {foreign[0]['name']} has casts that run code of this database",
            )
        column = await self._session.fetchrow(
            sql["column"], self._relation, self._work.column, self._work.target_type
        )
        if column is None:
            raise _Stopped("structure_changed", "the source has no such column any more")
        await self._give_it_the_targets_type(column)
        fit = fits(self._work.target_type, column["target_name"], not_null=column["not_null"])
        places, whole = await self._sample(column["pages"])
        self._rows = len(places)
        for start in range(0, len(places), ROWS_PER_QUERY):
            await self._count(places[start : start + ROWS_PER_QUERY], fit)
        return whole

    async def _give_it_the_targets_type(self, column: Any) -> None:
        given = await self._type_of(self._text)
        if column["builtin"]:
            if given != column["target_type"]:
                cast = f"CAST(({self._text}) AS pg_catalog.{quote(column['target_name'])})"
                await self._type_of(cast)
                self._expression = cast
        elif given != column["source_type"]:
            raise _Stopped(
                "expression_refused",
                f"the result has to be of the type {self._work.source_type}, as the column is",
            )

    async def _type_of(self, expression: str) -> int:
        # Prepared, and so one statement or an error: what ends it and begins another is refused.
        prepared = await self._session.prepare(
            f"select ({expression}\n) from only {self._relation}"
        )
        (given,) = prepared.get_attributes()
        return int(given.type.oid)

    async def _sample(self, pages: int) -> tuple[list[Any], bool]:
        if self._among is not None:
            return [_place(each) for each in self._among.addresses], True
        sampled = ""
        if pages > PAGES_MAX:
            percent = 100.0 * PAGES_MAX / pages
            sampled = f" tablesample system ({percent:.8f}) repeatable ({_SEED})"
        found = await self._session.fetch(
            f"select ctid from only {self._relation}{sampled} limit {ROWS_MAX + 1}"
        )
        places = [row["ctid"] for row in found]
        return places[:ROWS_MAX], not sampled and len(places) <= ROWS_MAX

    async def _count(self, places: Sequence[Any], fit: str) -> None:
        """Count what fails among some rows; where the server gives up on them, look closer."""
        self._queries += 1
        if self._queries > QUERIES_MAX or sum(self._failures.values()) >= FAILURES_MAX:
            return
        statement = (
            f"select pg_catalog.count(*) filter (where not ({fit})) as unfit,"
            " pg_catalog.max(pg_catalog.octet_length(v::pg_catalog.text)) as longest"
            f" from (select {self._expression} as v from only {self._relation}"
            " where ctid = any($1::pg_catalog.tid[])) as tried"
        )
        try:
            async with self._session.transaction():
                row = await self._session.fetchrow(statement, places)
        except asyncpg.DataError as error:
            if len(places) == 1:
                self._failures[str(error.sqlstate)] += 1
                return
            half = len(places) // 2
            await self._count(places[:half], fit)
            await self._count(places[half:], fit)
            return
        if row["longest"] is not None and row["longest"] > RESULT_BYTES_MAX:
            raise _Stopped("result_too_large", "the expression gives values of more than 1 MiB")
        if row["unfit"]:
            self._failures["unfit"] += row["unfit"]
