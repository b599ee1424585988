"""What of a table is compared: expressions that give the same hash on both sides for equal rows."""

from dataclasses import dataclass

from sterna_core.errors import Terminal
from sterna_core.postgres.identifiers import quote
from sterna_core.tasks.table import ColumnSpec, TableSpec
from sterna_executor.databases.postgresql.canonical import Canon, ColumnType, Hashing
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

BothHashings = tuple[Hashing, Hashing]
"""That of the source and that of the target."""

_Values = list[tuple[str, ColumnType]]


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
    source: Connection, target: Connection, table: TableSpec, *, hashing: BothHashings | None = None
) -> BothSides:
    """Find out how the rows of a table are to be compared: as told, or as the servers allow.

    The source's transformations are applied on its side, and its values are cast to the types
    that the target stores. Raises Terminal where a column is not there.
    """
    there = await types_of(target, "target", target_table(table))
    here = await types_of(source, "source", source_table(table))
    given = await _given(source, table) if not all(map(is_plain, table.columns)) else {}
    ours: _Values = []
    theirs: _Values = []
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
    theirs_by, ours_by = hashing or await hashing_of(source, target)
    key = _key_places(table)
    return BothSides(
        _side(source_table(table), theirs, key, theirs_by),
        _side(target_table(table), ours, key, ours_by),
    )


async def comparable_target(target: Connection, table: TableSpec, hashing: Hashing) -> Comparable:
    """Find out how the target's rows were compared, to do the same again on its side alone.

    Raises Terminal where a column is not there any more.
    """
    there = await types_of(target, "target", target_table(table))
    missing = [column.target for column in table.columns if column.target not in there]
    if missing:
        raise Terminal(
            f"{target_table(table)} has not the columns any more that were compared",
            code="structure_changed",
            details={"table": table.table_id, "columns": missing[:20]},
        )
    values = [(quote(column.target), there[column.target]) for column in table.columns]
    return _side(target_table(table), values, _key_places(table), hashing)


def _side(relation: str, values: _Values, key: list[int], hashing: Hashing) -> Comparable:
    place = hashing.of_row([values[number] for number in key]) if key else None
    return Comparable(relation, hashing.of_row(values), place)


async def hashing_of(source: Connection, target: Connection) -> BothHashings:
    """Compare by value where both servers hash a row of constants alike."""
    theirs, ours = _hashings(source, target, "value")
    with translated("source"):
        their_probe = await source.fetchval(f"select {theirs.of_row(_PROBE)}")
    with translated("target"):
        our_probe = await target.fetchval(f"select {ours.of_row(_PROBE)}")
    return (theirs, ours) if their_probe == our_probe else _hashings(source, target, "text")


def _hashings(source: Connection, target: Connection, canon: Canon) -> BothHashings:
    majors = server_major(source), server_major(target)
    encodings = {side.get_settings().server_encoding for side in (source, target)}
    theirs, ours = (
        Hashing(canon, major, min(majors), same_encoding=len(encodings) == 1) for major in majors
    )
    return theirs, ours


_PROBE: _Values = [
    (f"'{text}'::pg_catalog.{name}", ColumnType(name, builtin=True, declared=None))
    for name, text in (
        ("int4", "7"),
        ("int8", "-4294967297"),
        ("float8", "1.5"),
        ("text", "tern"),
        ("bytea", "tern"),
        ("numeric", "12.340"),
        ("timestamptz", "2020-02-29 12:00:00+00"),
        ("uuid", "6f1f3c0a-52d1-5a5c-9c1e-5b7e3f0a9d11"),
        ("cidr", "10.0.0.0/8"),
        ("_int4", "{1,2,NULL}"),
    )
]


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


async def types_of(connection: Connection, role: Role, relation: str) -> dict[str, ColumnType]:
    """Give the types of a relation's columns, resolved through domains."""
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
