import msgspec

from sterna_core.errors import Fenced
from sterna_core.namespace_store.postgres.sessions import Connection, Sessions
from sterna_core.namespace_store.postgres.statements import statements
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.postgres.identifiers import quote


class PostgresReceipts:
    """The receipts of a space and its epoch."""

    def __init__(self, sessions: Sessions, schema: str) -> None:
        self._sessions = sessions
        self._schema = schema

    async def receipt(self, name: str) -> Receipt | None:
        """Give what was written under a name."""
        async with self._sessions.plain() as connection:
            row = await connection.fetchrow(_sql("receipt", self._schema), name)
        if row is None:
            return None
        return Receipt(name, row["epoch"], msgspec.json.decode(row["body"]))

    async def raise_epoch(self, epoch: int) -> int:
        """Refuse work of lower epochs from now on; give the epoch in force, which never falls."""
        async with self._sessions.plain() as connection:
            return int(await connection.fetchval(_sql("raise_epoch", self._schema), epoch))


async def keep_receipt(connection: Connection, schema: str, receipt: Receipt) -> bool:
    """Write a receipt in the transaction at hand; tell whether it was not there.

    Raises Fenced where its epoch is over.
    """
    body = msgspec.json.encode(receipt.body).decode()
    row = await connection.fetchrow(_sql("keep_receipt", schema), receipt.name, receipt.epoch, body)
    if row["epoch"] > receipt.epoch:
        raise Fenced("This work belongs to an epoch that is over.")
    return bool(row["kept"])


def _sql(name: str, schema: str) -> str:
    return statements("space.sql")[name].format(space=quote(schema))
