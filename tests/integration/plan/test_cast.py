"""What a cast says is kept is what the server keeps, and what it says is lost is refused."""

import asyncpg
import pytest

from sterna_core.postgres.identifiers import quote
from sterna_executor.databases.postgresql.cast import Cast, cast_between
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.strict import strict
from support.plan.sides import Sides

CASES = [
    ("integer", "bigint", ["1", "-5", None], []),
    ("bigint", "integer", ["1", "2147483647"], ["2147483648"]),
    ("bigint", "numeric(3)", ["999"], ["1000"]),
    ("bigint", "double precision", ["123456789012345"], ["9007199254740993"]),
    ("numeric(12,2)", "integer", ["12.00", "-7.00"], ["12.50", "9999999999.00"]),
    ("numeric(12,4)", "numeric(12,2)", ["1.5000"], ["1.2345"]),
    ("numeric", "double precision", ["0.1", "0"], ["0.12345678901234567890", "1e400"]),
    ("numeric", "boolean", ["0", "1"], ["2"]),
    ("double precision", "numeric(10,2)", ["1.25"], ["1.255", "NaN", "Infinity"]),
    ("double precision", "real", ["0.5", "NaN", "0"], ["0.1", "1e300", "1e-300"]),
    ("double precision", "integer", ["5"], ["5.5", "1e12", "NaN"]),
    ("real", "double precision", ["0.1"], []),
    ("real", "numeric", ["0.1"], ["NaN"]),
    ("text", "integer", ["12", " -3 ", None], ["x", "", "007", "1.5", "99999999999"]),
    ("text", "bigint", ["9223372036854775807"], ["9223372036854775808"]),
    ("text", "numeric(5,2)", ["1.5", "-999.99"], ["1.555", "1000", "NaN", "1e3"]),
    ("text", "double precision", ["1.5"], ["0.12345678901234567890"]),
    ("text", "boolean", ["yes", "F", "0"], ["perhaps", ""]),
    ("text", "date", ["2020-02-29", "2020-01-01 00:00:00"], ["2021-02-29", "01/02/2020", "2020-01-01 12:00"]),
    ("text", "timestamp", ["2020-02-29T12:00:01.5"], ["2020-02-30", "2020-01-01 12:00+02"]),
    ("text", "timestamp(0)", ["2020-02-29 12:00:01"], ["2020-02-29 12:00:01.25"]),
    ("text", "timestamptz", ["2020-01-01 12:00+02"], ["2020-01-01 12:00"]),
    ("text", "uuid", ["6f1f3c0a-52d1-5a5c-9c1e-5b7e3f0a9d11"], ["6f1f"]),
    ("text", "jsonb", ['{"a": 1}'], ["{"]),
    ("text", "varchar(3)", ["abc", "äöü"], ["abcd", "abc "]),
    ("varchar(200)", "varchar(50)", ["short"], ["x" * 51]),
    ("varchar(5)", "text", ["abc"], []),
    ("varchar(5)", "char(5)", ["abc"], ["ab "]),
    ("char(5)", "varchar(3)", ["abc"], ["abcd"]),
    ("integer", "varchar(3)", ["123"], ["1234"]),
    ("integer", "boolean", ["0", "1"], ["7"]),
    ("boolean", "bigint", ["true", "false", None], []),
    ("timestamp", "date", ["2020-01-01", "infinity"], ["2020-01-01 12:00"]),
    ("timestamp", "timestamp(0)", ["2020-01-01 12:00:01"], ["2020-01-01 12:00:01.5"]),
    ("timestamp", "timestamptz", ["2020-01-01 12:00"], []),
    ("timestamptz", "timestamp", ["2020-01-01 12:00+02"], []),
    ("timestamptz", "date", ["2020-01-01 00:00+00"], ["2020-01-01 12:00+00"]),
    ("date", "timestamptz", ["2020-01-01"], []),
    ("uuid", "text", ["6f1f3c0a-52d1-5a5c-9c1e-5b7e3f0a9d11"], []),
    ("json", "jsonb", ['{"a": 1}'], []),
]  # fmt: skip


async def cast_of(sides: Sides, source: str, target: str) -> tuple[Cast | None, str]:
    await sides.source.execute(
        f'create table here ("A b" {source}); create table there (a {target})'
    )
    found: Inventory = await sides.inventory()
    here, there = found.tables
    ours, theirs = here.columns[0], there.columns[0]
    types = found.types
    return (
        cast_between(ours, types[ours.type_oid], theirs, types[theirs.type_oid], source_major=18),
        theirs.type,
    )


@pytest.mark.parametrize(("source", "target", "kept", "lost"), CASES)
async def test_a_value_is_kept_or_refused_and_never_changed(
    sides: Sides, source: str, target: str, kept: list[str | None], lost: list[str]
) -> None:
    cast, declared = await cast_of(sides, source, target)
    assert cast is not None
    guarded = strict("A b", cast, declared) or cast.expression
    for value in [*kept, *lost]:
        await sides.source.execute("truncate here")
        written = "null" if value is None else f"'{value}'"
        await sides.source.execute(f"insert into here values ({written}::{source})")
        holds = await sides.source.fetchval(
            f"select {quote('A b')} is null or ({cast.holds or 'true'}) from here"
        )
        assert holds is (value in kept), value
        if value in kept:
            await sides.source.execute(
                f"truncate there; insert into there select {guarded} from here"
            )
        else:
            with pytest.raises(asyncpg.DataError):
                await sides.source.execute(f"select {guarded} from here")


@pytest.mark.parametrize(
    ("source", "target"),
    [("bytea", "integer"), ("json", "integer"), ("date", "uuid"), ("point", "date")],
)
async def test_types_that_do_not_go_together_have_no_cast(
    sides: Sides, source: str, target: str
) -> None:
    cast, _ = await cast_of(sides, source, target)
    assert cast is None
