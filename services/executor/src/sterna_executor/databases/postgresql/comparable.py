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
"""By value: each type's own hash, which follows its `=` (so 1.0 and 1.00, or 0 and -0, are equal).
By text: what a type writes, at least as strict, where the servers' hashes may not agree."""

_VALUE_HASH_SINCE = 14

_SCALARS = [
    "bool",
    "int2",
    "int4",
    "int8",
    "numeric",
    "float4",
    "float8",
    "text",
    "varchar",
    "bpchar",
    "char",
    "name",
    "bytea",
    "uuid",
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
    "interval",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "jsonb",
    "oid",
    "pg_lsn",
]
_RANGES = ["int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"]
_HASHED = frozenset([*_SCALARS, *(f"_{name}" for name in _SCALARS), *_RANGES])
"""Built-in types with a hash of their own that says the same in every database. Enums and the
`reg` types hash a local number; json, xml, points and the like have no hash: all go in as text."""

_COLLATED = frozenset(
    ["text", "varchar", "bpchar", "name", "_text", "_varchar", "_bpchar", "_name"]
)
_FLOATS = {"float4": "float4send", "float8": "float8send"}


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's type, resolved through domains; `declared` has its modifiers."""

    name: str
    builtin: bool
    declared: str | None


@dataclass(frozen=True, slots=True)
class Comparable:
    """The expressions of one side, over its own row, in the order of the table's columns.

    `key` holds those of the key's columns; it is empty where whole rows are the key. `key_type`
    is the type of a key of one column, where it is built in.
    """

    relation: str
    row: tuple[str, ...]
    key: tuple[str, ...]
    key_type: str | None
    canon: Canon


@dataclass(frozen=True, slots=True)
class BothSides:
    """What is compared, on each side."""

    source: Comparable
    target: Comparable


async def comparable(source: Connection, target: Connection, table: TableSpec) -> BothSides:
    """Find out how the rows of a table are to be compared.

    The source's transformations are applied on its side, and its values are cast to the types
    that the target stores. Raises Terminal where a column is not there.
    """
    majors = server_major(source), server_major(target)
    canon: Canon = "value" if majors[0] == majors[1] >= _VALUE_HASH_SINCE else "text"
    there = await _types(target, "target", target_table(table))
    here = await _types(source, "source", source_table(table))
    given = await _given(source, table) if not all(map(is_plain, table.columns)) else {}
    ours: list[str] = []
    theirs: list[str] = []
    for column in table.columns:
        kept = there.get(column.target)
        found = here.get(column.source) if is_plain(column) else given[column.target]
        if kept is None or found is None:
            raise Terminal(
                f"{table.table_id} is not what the plan says: plan again",
                code="structure_changed",
                details={"table": table.table_id, "column": column.source},
            )
        theirs.append(canonical(_as_kept(column, found, kept), kept, canon))
        ours.append(canonical(quote(column.target), kept, canon))
    key = _key_places(table)
    lone = there[table.columns[key[0]].target] if len(key) == 1 else None
    key_type = lone.name if lone is not None and lone.builtin else None

    def side(relation: str, row: list[str]) -> Comparable:
        return Comparable(relation, tuple(row), tuple(row[place] for place in key), key_type, canon)

    return BothSides(side(source_table(table), theirs), side(target_table(table), ours))


def canonical(value: str, kept: ColumnType, canon: Canon) -> str:
    """Give the expression that is hashed for a value of the type that the target stores."""
    if kept.builtin and canon == "text" and kept.name in _FLOATS:
        # How many digits a float is written with depends on the version; its bytes do not.
        return f"pg_catalog.{_FLOATS[kept.name]}({value})"
    if kept.builtin and canon == "value" and kept.name in _HASHED:
        return f'{value} collate "C"' if kept.name in _COLLATED else value
    return f'({value})::pg_catalog.text collate "C"'


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
