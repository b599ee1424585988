"""A table that is there already, as far as it has to be known to be read as documents."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from sterna_core.errors import InvalidRequest, NotFound
from sterna_core.namespace_store.adoption import Adoption
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.postgres.sessions import Connection
from sterna_core.namespace_store.postgres.statements import statements
from sterna_core.postgres.identifiers import literal, qualified, quote

_INTEGERS: Final = {"int2": 15, "int4": 31, "int8": 63}
_TEXTS: Final = {"text", "varchar"}
_VECTORS: Final = {"vector", "halfvec"}
_PAYLOADS: Final = {"json", "jsonb"}


class AdoptedTable(Struct, frozen=True):
    """The pieces of SQL that make documents of its rows; `t` is the table."""

    table: str
    id: str
    id_type: str
    id_kind: str
    collection: str
    payload: str
    columns: dict[str, tuple[str, str]]
    """For each feature its column and the column's type."""

    def askable(self, ids: Sequence[str]) -> list[str]:
        """Leave out what cannot be an id of this table, and what the server would not read."""
        return [each for each in ids if "\0" not in each and _reads_as(each, self.id_kind)]


async def read_table(connection: Connection, adoption: Adoption, vector: str) -> AdoptedTable:
    """Find a table and its columns; `vector` is the quoted schema of the extension.

    Raises NotFound and InvalidRequest.
    """
    schema, _, name = adoption.source.partition(".")
    sql = statements("adopted.sql")
    oid = await connection.fetchval(sql["table"], schema, name)
    if oid is None:
        raise NotFound("There is nothing of this name to adopt.", code="nothing_to_adopt")
    columns = {row["name"]: row for row in await connection.fetch(sql["columns"], oid)}
    identity = _identity(columns, adoption)
    vectors = {
        each.feature.uri: _vector_column(columns, each.column, each.feature)
        for each in adoption.features
    }
    return AdoptedTable(
        table=qualified(schema, name),
        id=f"t.{quote(identity['name'])}",
        id_type=identity["full_type"],
        id_kind=identity["type"],
        collection=_collection(columns, adoption),
        payload=_payload(columns, adoption, identity["name"]),
        columns={
            uri: (f"t.{quote(row['name'])}", f"{vector}.{row['type']}")
            for uri, row in vectors.items()
        },
    )


def _identity(columns: Mapping[str, Any], adoption: Adoption) -> Any:
    if adoption.id_column is not None:
        column = _column(columns, adoption.id_column)
        if not column["identifies"]:
            raise _bad(column["name"], "needs to be unique and not null to tell documents apart")
    else:
        keys = [each for each in columns.values() if each["primary"] and each["identifies"]]
        if not keys:
            raise _bad("", "has no primary key of one column; name the column of the ids")
        column = keys[0]
    if column["type"] not in {*_INTEGERS, *_TEXTS, "uuid"}:
        raise _bad(column["name"], "is not a text, a whole number or a UUID")
    return column


def _vector_column(columns: Mapping[str, Any], name: str, feature: Feature) -> Any:
    column = _column(columns, name)
    if column["type"] not in _VECTORS:
        raise _bad(name, "does not hold vectors")
    if column["dimensions"] != feature.dimensions:
        raise _bad(name, f"is not declared with {feature.dimensions} dimensions")
    return column


def _collection(columns: Mapping[str, Any], adoption: Adoption) -> str:
    """Give the collection of a row; one whose column is empty is of the adoption's collection."""
    otherwise = literal(adoption.collection_id) + "::text"
    if adoption.collection_column is None:
        return otherwise
    column = _column(columns, adoption.collection_column)
    found = f"t.{quote(column['name'])}::text"
    return found if column["filled"] else f"coalesce({found}, {otherwise})"


def _payload(columns: Mapping[str, Any], adoption: Adoption, identity: str) -> str:
    if adoption.payload_column is not None:
        column = _column(columns, adoption.payload_column)
        if column["type"] not in _PAYLOADS:
            raise _bad(column["name"], "does not hold JSON")
        found = f"t.{quote(column['name'])}::json"
        return (
            f"case when {found} is null then '{{}}'::json"
            f" when pg_catalog.json_typeof({found}) operator(pg_catalog.=) 'object' then {found}"
            f" else pg_catalog.json_build_object('value', {found}) end"
        )
    taken = [identity, *(each.column for each in adoption.features)]
    if adoption.collection_column is not None:
        taken.append(adoption.collection_column)
    names = ", ".join(map(literal, taken))
    return f"(pg_catalog.to_jsonb(t) operator(pg_catalog.-) array[{names}]::text[])::json"


def _column(columns: Mapping[str, Any], name: str) -> Any:
    if name not in columns:
        raise _bad(name, "is not there")
    return columns[name]


def _bad(column: str, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"A column of the table {what}.", code="bad_adoption", details={"column": column}
    )


def _reads_as(text: str, kind: str) -> bool:
    if kind in _INTEGERS:
        try:
            return abs(int(text)) < 1 << _INTEGERS[kind]
        except ValueError:
            return False
    if kind == "uuid":
        try:
            return str(uuid.UUID(text)) == text
        except ValueError:
            return False
    return True
