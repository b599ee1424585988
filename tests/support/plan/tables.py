"""Tables and columns as an inventory would have them."""

from typing import Any

from sterna_executor.databases.postgresql.inventory_table import Column, Table


def a_column(name: str = "id", **changed: Any) -> Column:
    values: dict[str, Any] = {
        "number": 1,
        "name": name,
        "type": "integer",
        "type_oid": 23,
        "modifier": -1,
        "nullable": False,
        "default": None,
        "identity": None,
        "generated": None,
        "collation": None,
    }
    return Column(**{**values, **changed})


def a_table(schema: str, name: str, **changed: Any) -> Table:
    values: dict[str, Any] = {
        "oid": abs(hash((schema, name))) % 2**31,
        "schema": schema,
        "name": name,
        "kind": "table",
        "persistence": "permanent",
        "parent": None,
        "inherits": (),
        "bound": None,
        "partition_key": None,
        "columns": (a_column(),),
        "key": ("id",),
        "pages": 1,
        "bytes": 8192,
        "rows": 10,
        "block_bytes": 8192,
        "owner": "postgres",
        "row_security": False,
        "row_security_active": False,
        "access_method": "heap",
        "tablespace": None,
        "of_type": None,
    }
    return Table(**{**values, **changed})
