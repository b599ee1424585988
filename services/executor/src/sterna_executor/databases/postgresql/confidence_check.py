"""What has to be tried on a column's values to know whether the target can hold them."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from sterna_core.postgres.identifiers import literal, quote
from sterna_executor.databases.postgresql.copy_format import FormatChooser
from sterna_executor.databases.postgresql.encoding import Conversion
from sterna_executor.databases.postgresql.inventory_table import Column, Table, TypeInfo
from sterna_executor.databases.postgresql.preflight_server import Server

_INPUT_IS_VALID_SINCE = 16
_INFINITE_INTERVAL_SINCE = 17
_ASCII = frozenset(
    {
        "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "money", "date", "time",
        "timetz", "timestamp", "timestamptz", "interval", "uuid", "bytea", "bit", "varbit", "inet",
        "cidr", "macaddr", "macaddr8", "point", "line", "lseg", "box", "path", "polygon", "circle",
        "oid", "xid", "xid8", "cid", "tid", "pg_lsn", "pg_snapshot", "txid_snapshot",
    }
)  # fmt: skip


class ColumnCheck(Struct, frozen=True, kw_only=True):
    """A column and how its values are tried.

    `holds` is an SQL condition that is true where the target can hold a value that is not null;
    None where nothing can go wrong. `text` says that the bytes of its text have to be tried,
    `required` that a null cannot be held, and `extent` what is to be found out of the values.
    """

    column: str
    holds: str | None
    text: bool
    required: bool = False
    extent: Literal["length", "range"] | None = None

    @property
    def condition(self) -> str | None:
        """SQL that is true where the target can hold what is there, null or not."""
        name = quote(self.column)
        if self.required:
            return f"{name} IS NOT NULL" + (f" AND ({self.holds})" if self.holds else "")
        return f"{name} IS NULL OR ({self.holds})" if self.holds else None


class CheckChooser:
    """Chooses how the values of a column are tried."""

    def __init__(
        self,
        types: Mapping[int, TypeInfo],
        formats: FormatChooser,
        source: Server,
        target: Server,
    ) -> None:
        self._types = types
        self._formats = formats
        self._source = source
        self._target = target
        self.conversion = Conversion(source.encoding, target.encoding)

    def of_table(self, table: Table) -> tuple[ColumnCheck, ...]:
        """Give a check for each column that is copied."""
        return tuple(
            ColumnCheck(
                column=column.name,
                holds=self._condition(column),
                text=self.tries_text(column.type_oid),
            )
            for column in table.columns
            if column.generated is None
        )

    def tries_text(self, type_oid: int) -> bool:
        """Tell whether the bytes of a type's text have to be tried."""
        return self.conversion.may_fail and not self._is_ascii(type_oid)

    def _condition(self, column: Column) -> str | None:
        name = quote(column.name)
        kind = self._types[column.type_oid]
        if (
            kind.builtin
            and kind.name == "interval"
            and self._source.major >= _INFINITE_INTERVAL_SINCE > self._target.major
        ):
            return f"isfinite({name})"
        if self._source.major >= _INPUT_IS_VALID_SINCE and not self._formats.is_binary(kind.oid):
            return f"pg_input_is_valid({name}::text, {literal(column.type)})"
        return None

    def _is_ascii(self, type_oid: int) -> bool:
        kind = self._types[type_oid]
        if kind.element is not None:
            return self._is_ascii(kind.element)
        if kind.kind == "domain":
            return kind.base is not None and self._is_ascii(kind.base)
        if kind.kind in {"range", "multirange", "composite"}:
            return all(self._is_ascii(part) for part in kind.parts)
        return kind.builtin and kind.name in _ASCII
