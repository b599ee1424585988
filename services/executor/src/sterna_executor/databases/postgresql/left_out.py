from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.ledger import Address
from sterna_executor.databases.postgresql.statements import statements


async def read_left_out(source: Connection, inventory: Inventory) -> frozenset[Address]:
    """Give the addresses of what cannot be without a table or schema that is not selected."""
    if not inventory.excluded and not inventory.other_schemas:
        return frozenset()
    rows = await source.fetch(
        statements("left_out.sql")["left_out"],
        [table.oid for table in inventory.excluded],
        list(inventory.other_schemas),
    )
    return frozenset((row["classid"], row["objid"]) for row in rows)
