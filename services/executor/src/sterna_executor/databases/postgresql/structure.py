"""The digest of a structure: what a plan was made for, and what must not have changed since."""

import hashlib
from typing import Any

import msgspec

from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_table import Column, Table

_LAYOUT = 1


def structure_digest(inventory: Inventory) -> str:
    """Give SHA-256, in hexadecimal, over the selected tables, columns, types and keys.

    Rows, sizes, statistics, comments, indexes and privileges do not count, nor do the addresses
    of objects: a copy of a schema has the digest of the schema.
    """
    described = {
        "layout": _LAYOUT,
        "schemas": sorted(inventory.schemas),
        "tables": [_table(table) for table in sorted(inventory.tables, key=_name)],
        "types": sorted(
            [made.schema, made.name, made.kind, *made.definition] for made in inventory.user_types
        ),
        "foreign_keys": sorted(
            [key.schema, key.table, key.name, key.definition] for key in inventory.foreign_keys
        ),
    }
    return hashlib.sha256(msgspec.json.encode(described)).hexdigest()


def _name(table: Table) -> tuple[str, str]:
    return table.name_pair


def _table(table: Table) -> dict[str, Any]:
    return {
        "name": table.name_pair,
        "kind": table.kind,
        "persistence": table.persistence,
        "parent": table.parent,
        "inherits": table.inherits,
        "bound": table.bound,
        "partition_key": table.partition_key,
        "columns": [_column(column) for column in table.columns],
        "key": table.key,
    }


def _column(column: Column) -> list[str | bool | None]:
    return [
        column.name,
        column.type,
        column.nullable,
        column.default,
        column.identity,
        column.generated,
        column.collation,
    ]
