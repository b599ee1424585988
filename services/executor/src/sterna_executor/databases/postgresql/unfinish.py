"""Putting back what a cutover did to objects that the migration made."""

from sterna_core.postgres.identifiers import qualified
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.receive_rows import put_sequences_back, read_found
from sterna_executor.databases.postgresql.statements import statements


async def unfinish(target: Connection, migration_id: str) -> None:
    """Let sequences stand where they did and views be empty, where the cutover had begun."""
    sql = statements("unfinish.sql")
    if not await target.fetchval(sql["was_begun"], migration_id):
        return
    found = await read_found(target, migration_id)
    if found is not None:
        await put_sequences_back(target, found)
        return
    await target.execute(sql["restart_sequences"], migration_id)
    for row in await target.fetch(sql["filled_views"], migration_id):
        name = qualified(row["schema"], row["name"])
        await target.execute(f"refresh materialized view {name} with no data")
