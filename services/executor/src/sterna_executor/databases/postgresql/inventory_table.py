"""Tables, columns and keys of a source, as its catalog describes them."""

from typing import Literal

from msgspec import Struct

TypeKind = Literal["base", "enum", "domain", "composite", "range", "multirange", "pseudo"]


class TypeInfo(Struct, frozen=True, kw_only=True):
    """A data type, and what it is made of.

    `element` is the array's element, `base` the domain's, and `parts` are the attributes of a
    composite or the subtype of a range: ids of types. `extension` is the one the type belongs
    to. `builtin` types have the same id on every server.
    """

    oid: int
    schema: str
    name: str
    kind: TypeKind
    builtin: bool
    extension: str | None
    binary: bool
    element: int | None
    base: int | None
    parts: tuple[int, ...]


class Column(Struct, frozen=True, kw_only=True):
    """A column; `type` is exact (`numeric(12,2)`), with a schema unless it is the system's.

    `generated` holds `stored` or `virtual` where the server computes the value, and `identity`
    says `always` or `by default` where it numbers the rows. `default` is an expression: the
    generating one for a generated column. `collation` is named where it is not the type's.
    """

    number: int
    name: str
    type: str
    type_oid: int
    modifier: int
    nullable: bool
    default: str | None
    identity: Literal["always", "by default"] | None
    generated: Literal["stored", "virtual"] | None
    collation: str | None


class Table(Struct, frozen=True, kw_only=True):
    """A table, as far as a plan needs it.

    `parent` is the partitioned table it is a partition of, `inherits` the tables it inherits
    from the old way. `rows` is the server's estimate, or None where it has none; `bytes` counts the heap and what
    is stored beside it, without indexes. `key` names the columns that identify a row: of the
    primary key, or of a unique index on columns without nulls; empty where there is none.
    """

    oid: int
    schema: str
    name: str
    kind: Literal["table", "partitioned", "foreign"]
    persistence: Literal["permanent", "unlogged"]
    parent: tuple[str, str] | None
    inherits: tuple[tuple[str, str], ...]
    bound: str | None
    partition_key: str | None
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    pages: int
    bytes: int
    rows: int | None
    block_bytes: int
    owner: str
    row_security: bool
    row_security_active: bool
    access_method: str | None
    tablespace: str | None
    of_type: int | None

    @property
    def name_pair(self) -> tuple[str, str]:
        """The schema and the name."""
        return (self.schema, self.name)

    @property
    def id(self) -> str:
        """What the table is called in plans: `schema.table`; see `table_id`."""
        return table_id(self.schema, self.name)


def table_id(schema: str, name: str) -> str:
    """Name a table in one text: `schema.table`; a part with a dot or a quote in it is quoted.

    So two tables never share an id.
    """
    return f"{_part(schema)}.{_part(name)}"


def _part(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if "." in name or '"' in name else name
