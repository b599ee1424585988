"""What was made of each object that comes after the rows: it can be dropped by itself again."""

from collections.abc import Sequence

from msgspec import Struct

from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.ledger import Address
from sterna_executor.databases.postgresql.statements import statements


class Part(Struct, frozen=True, kw_only=True):
    """Something that was made of an object, by its address in the target's catalogs."""

    object_id: str
    address: Address


async def keep(connection: Connection, migration_id: str, object_id: str) -> None:
    """Write down what the caller's transaction made for an object.

    A target whose bookkeeping an earlier version made has no place for it.
    """
    if await connection.fetchval(_sql("is_there")):
        await connection.execute(_sql("keep"), migration_id, object_id)


async def make_room(connection: Connection) -> None:
    """Make the place for parts where an earlier version has made the bookkeeping."""
    if not await connection.fetchval(_sql("is_there")):
        await connection.execute(statements("bookkeeping.sql")["create_parts"])


async def read(connection: Connection, migration_id: str, objects: Sequence[str]) -> list[Part]:
    """Give the parts of some objects, the newest first."""
    rows = await connection.fetch(_sql("parts"), migration_id, list(objects))
    return [
        Part(object_id=row["object_id"], address=(row["classid"], row["objid"])) for row in rows
    ]


async def is_kept(connection: Connection, migration_id: str, address: Address) -> bool:
    """Tell whether something is a part of an object of the migration."""
    return bool(await connection.fetchval(_sql("is_kept"), migration_id, *address))


async def broken(connection: Connection, migration_id: str) -> set[str]:
    """Name the objects of which a part is not there any more."""
    return {row["object_id"] for row in await connection.fetch(_sql("broken"), migration_id)}


async def forget(connection: Connection, migration_id: str, objects: Sequence[str]) -> None:
    """Forget what was made of some objects: it was dropped."""
    await connection.execute(_sql("forget_created"), migration_id, list(objects))
    await connection.execute(_sql("forget"), migration_id, list(objects))
    await connection.execute(_sql("undo_steps"), migration_id, list(objects))


def _sql(name: str) -> str:
    return statements("parts.sql")[name]
