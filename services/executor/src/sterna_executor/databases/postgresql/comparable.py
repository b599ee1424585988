"""What of a row is compared: expressions that give the same bytes on both sides for equal rows."""

from dataclasses import dataclass
from typing import Literal

from sterna_core.errors import Terminal
from sterna_core.postgres.identifiers import quote
from sterna_core.tasks.table import ColumnSpec, TableSpec
from sterna_executor.databases.postgresql.connection import Connection, server_major
from sterna_executor.databases.postgresql.errors import Role, translated
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.table_query import (
    is_plain,
    read_rows,
    source_table,
    target_table,
    value_of,
)

Canon = Literal["value", "text"]
"""By value: hashes of numbers and bytes, where both servers hash these alike. By text: what a type
writes, where they may not. Both tell apart whatever is stored differently: 1.0 and 1.00, or a day
and 24 hours, are equal by `=` and are not equal here. (Only -0 and 0 are one value, by value.)"""

_RECORD_HASH_SINCE = 14

_HASHED = frozenset(
    [
        "bool",
        "int2",
        "int4",
        "oid",
        "date",
        "float4",
        "float8",
        "text",
        "varchar",
        "bpchar",
        "name",
        "char",
        "bytea",
        "uuid",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
    ]
)
"""Built-in types whose own hash has all 64 bits and tells every value from every other."""

_SENT = {
    "int8": "int8send",  # its hash folds a value to 32 bits: 0 and 2 ** 32 + 1 would be one
    "timestamp": "timestamp_send",
    "timestamptz": "timestamptz_send",
    "time": "time_send",
    "timetz": "timetz_send",
    "interval": "interval_send",
    "pg_lsn": "pg_lsn_send",
    "numeric": "numeric_send",  # its hash is one for NaN and the infinities
    "money": "cash_send",
    "bit": "bit_send",
    "varbit": "varbit_send",
    "point": "point_send",
    "line": "line_send",
    "lseg": "lseg_send",
    "box": "box_send",
    "path": "path_send",
    "polygon": "poly_send",
    "circle": "circle_send",
    "tsvector": "tsvectorsend",
}
"""Built-in types that are hashed as the bytes that they are sent as."""

_RANGES = frozenset(["int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"])
_PROBE = (
    "true",
    "7::pg_catalog.int4",
    "1.5::pg_catalog.float8",
    "'tern'::pg_catalog.text collate \"C\"",
    "'2020-02-29'::pg_catalog.date",
    "null::pg_catalog.int4",
    "pg_catalog.numeric_send(12.340)",
    "pg_catalog.timestamptz_send('2020-02-29 12:00:00+00')",
    "'6f1f3c0a-52d1-5a5c-9c1e-5b7e3f0a9d11'::pg_catalog.uuid",
    "'10.0.0.0/8'::pg_catalog.cidr",
)
HASH_SEED = 1
"""Not 0: that is the hash of a null, and with it that of a float 0."""

_COLLATED = frozenset(["text", "varchar", "bpchar", "name"])
_LONE_KEYS = {
    "int2": "hashint2extended",
    "int4": "hashint4extended",
    "int8": "hashint8extended",
    "text": "hashtextextended",
    "varchar": "hashtextextended",
    "uuid": "uuid_hash_extended",
}
"""Which bucket a row is in needs no more than the plain hash of its key."""

_FLOATS = {"float4": "float4send", "float8": "float8send"}


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's type, resolved through domains; `declared` has its modifiers."""

    name: str
    builtin: bool
    declared: str | None


@dataclass(frozen=True, slots=True)
class Comparable:
    """The hashes of one side, as expressions over its own row: `row` is that of a whole row.

    `place` is the hash that says which bucket a row is in; it is None where whole rows are the key.
    """

    relation: str
    row: str
    place: str | None


@dataclass(frozen=True, slots=True)
class BothSides:
    """What is compared, on each side."""

    source: Comparable
    target: Comparable


async def comparable(
    source: Connection, target: Connection, table: TableSpec, *, canon: Canon | None = None
) -> BothSides:
    """Find out how the rows of a table are to be compared, by `canon` or as the versions allow.

    The source's transformations are applied on its side, and its values are cast to the types
    that the target stores. Raises Terminal where a column is not there.
    """
    canon = canon or await _canon(source, target)
    there = await _types(target, "target", target_table(table))
    here = await _types(source, "source", source_table(table))
    given = await _given(source, table) if not all(map(is_plain, table.columns)) else {}
    ours: list[tuple[str, ColumnType]] = []
    theirs: list[tuple[str, ColumnType]] = []
    for column in table.columns:
        kept = there.get(column.target)
        found = here.get(column.source) if is_plain(column) else given[column.target]
        if kept is None or found is None:
            raise Terminal(
                f"{table.table_id} is not what the plan says: plan again",
                code="structure_changed",
                details={"table": table.table_id, "column": column.source},
            )
        theirs.append((_as_kept(column, found, kept), kept))
        ours.append((quote(column.target), kept))
    key = _key_places(table)
    return BothSides(
        _side(source_table(table), theirs, key, canon), _side(target_table(table), ours, key, canon)
    )


def _side(
    relation: str, values: list[tuple[str, ColumnType]], key: list[int], canon: Canon
) -> Comparable:
    row = tuple(canonical(value, kept, canon) for value, kept in values)
    place = hash_of(tuple(row[number] for number in key), canon) if key else None
    if len(key) == 1 and canon == "value":
        value, kept = values[key[0]]
        lone = _LONE_KEYS.get(kept.name) if kept.builtin else None
        if lone is not None:
            collation = ' collate "C"' if kept.name in _COLLATED else ""
            place = f"pg_catalog.{lone}({value}{collation}, 0)"
    return Comparable(relation, hash_of(row, canon), place)


def hash_of(values: tuple[str, ...], canon: Canon) -> str:
    """Give the 64-bit hash of canonical values."""
    row = f"row({', '.join(values)})"
    if canon == "text":
        return f'pg_catalog.hashtextextended(({row}::pg_catalog.text collate "C"), {HASH_SEED})'
    return f"pg_catalog.hash_record_extended({row}, {HASH_SEED})"


def canonical(value: str, kept: ColumnType, canon: Canon) -> str:
    """Give the expression that is hashed for a value of the type that the target stores.

    Enums and the `reg` types are numbers that mean something in one database only; composites and
    arrays of such contain them; json and others have neither hash nor bytes: all go in as text.
    """
    name = kept.name if kept.builtin else ""
    if canon == "text":
        # How many digits a float is written with depends on the version; its bytes do not.
        send = _FLOATS.get(name)
        return f"pg_catalog.{send}({value})" if send else _as_text(value)
    if name in _HASHED:
        return f'{value} collate "C"' if name in _COLLATED else value
    send = _SENT.get(name)
    if name in _RANGES:
        send = "range_send"
    elif name.removeprefix("_") in _HASHED | _SENT.keys():
        send = send or "array_send"  # an array's hash forgets its bounds
    return f"pg_catalog.{send}({value})" if send else _as_text(value)


def _as_text(value: str) -> str:
    return f'({value})::pg_catalog.text collate "C"'


async def _canon(source: Connection, target: Connection) -> Canon:
    """Compare by value where both servers hash a row of constants alike."""
    if min(server_major(source), server_major(target)) < _RECORD_HASH_SINCE:
        return "text"
    probe = hash_of(_PROBE, "value")
    with translated("source"):
        theirs = await source.fetchval(f"select {probe}")
    with translated("target"):
        ours = await target.fetchval(f"select {probe}")
    return "value" if ours == theirs else "text"


def _key_places(table: TableSpec) -> list[int]:
    """Give where the key's columns are; none where the key is not copied whole."""
    places = {column.source: place for place, column in enumerate(table.columns)}
    key = [places[name] for name in table.key if name in places]
    return key if len(key) == len(table.key) else []


def _as_kept(column: ColumnSpec, found: ColumnType, kept: ColumnType) -> str:
    value = value_of(column)
    if found == kept or not kept.builtin:
        return value
    if not found.builtin:
        value = f"({value})::pg_catalog.text"
    return f"({value})::{kept.declared}"


async def _types(connection: Connection, role: Role, relation: str) -> dict[str, ColumnType]:
    with translated(role):
        rows = await connection.fetch(statements("comparable.sql")["columns"], relation)
    return {row["name"]: ColumnType(row["type"], row["builtin"], row["declared"]) for row in rows}


async def _given(source: Connection, table: TableSpec) -> dict[str, ColumnType]:
    """Give the types of the expressions; their modifiers are not known, so they are cast."""
    with translated("source"):
        prepared = await source.prepare(read_rows(table, "true"))
    return {
        column.target: ColumnType(found.type.name, found.type.schema == "pg_catalog", None)
        for column, found in zip(table.columns, prepared.get_attributes(), strict=True)
    }
