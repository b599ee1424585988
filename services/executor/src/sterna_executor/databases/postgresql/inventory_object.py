"""What a source holds beside tables."""

from typing import Literal

from msgspec import Struct


class ForeignKey(Struct, frozen=True, kw_only=True):
    """A foreign key, declared on `schema.table` and not inherited from a parent."""

    schema: str
    table: str
    name: str
    columns: tuple[str, ...]
    referenced_schema: str
    referenced_table: str
    validated: bool
    definition: str


class Sequence(Struct, frozen=True, kw_only=True):
    """A sequence; `owner` is the column (schema, table, column) it belongs to."""

    schema: str
    name: str
    owner: tuple[str, str, str] | None
    identity: bool


class View(Struct, frozen=True, kw_only=True):
    """A view, or a materialised one; `populated` says whether that holds rows."""

    schema: str
    name: str
    materialized: bool
    populated: bool


class UserType(Struct, frozen=True, kw_only=True):
    """A type made in one of the schemas; `definition` holds labels, attributes or constraints."""

    oid: int
    schema: str
    name: str
    kind: Literal["base", "enum", "domain", "composite", "range"]
    definition: tuple[str, ...]


class Routine(Struct, frozen=True, kw_only=True):
    """A function, procedure or aggregate; `trusted` says whether everybody may write its language."""

    schema: str
    name: str
    arguments: str
    kind: Literal["function", "procedure", "aggregate", "window"]
    language: str
    trusted: bool


class Extension(Struct, frozen=True, kw_only=True):
    """An extension; `used` says whether something that is selected depends on it.

    So does one that a used one requires.
    """

    name: str
    version: str
    schema: str
    used: bool


class Feature(Struct, frozen=True, kw_only=True):
    """Something that a plan has to mention: how many of a kind, and the first names."""

    kind: str
    count: int
    names: tuple[str, ...]


class Dependency(Struct, frozen=True, kw_only=True):
    """An object that is selected and needs one that is not; a default's is named by its table."""

    kind: Literal["table", "view", "type", "routine", "constraint", "default", "trigger"]
    schema: str
    name: str
    needs_kind: Literal["table", "view", "sequence", "type", "routine"]
    needs_schema: str
    needs_name: str


class SplitPartition(Struct, frozen=True, kw_only=True):
    """A partition (or an heir) in one schema whose parent is in another; one of them is meant."""

    schema: str
    name: str
    parent_schema: str
    parent_name: str
