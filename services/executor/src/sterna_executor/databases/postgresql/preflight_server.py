"""What a server, its database and the role that entered are like."""

from msgspec import Struct

from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import Role, translated
from sterna_executor.databases.postgresql.statements import statements

QUERY_TIMEOUT_SECONDS = 60.0


class Server(Struct, frozen=True, kw_only=True):
    """Facts about one side.

    `version` is PostgreSQL's number (180006). `free_connections` is how many more this role may
    open. `lock_slots` is how many objects all transactions together can lock.
    `read_only_set_by` says for what `default_transaction_read_only` is switched on.
    """

    version: int
    database: str
    encoding: str
    collate: str
    ctype: str
    locale_provider: str
    locale: str | None
    frozen_age: int
    in_recovery: bool
    role: str
    superuser: bool
    may_create_databases: bool
    may_create_schemas: bool
    may_create_temporary: bool
    free_connections: int
    max_connections: int
    lock_slots: int
    max_locks: int
    standby_feedback: bool
    snapshots_expire: bool
    read_only_default: bool
    read_only_set_by: tuple[tuple[bool, bool], ...] = ()

    @property
    def major(self) -> int:
        """The major version, such as 18."""
        return self.version // 10000


async def read_server(connection: Connection, side: Role) -> Server:
    """Read the facts about one side; raises what `translated` makes of the driver's errors."""
    queries = statements("preflight.sql")
    with translated(side):
        row = await connection.fetchrow(queries["server"], timeout=QUERY_TIMEOUT_SECONDS)
        set_by: tuple[tuple[bool, bool], ...] = ()
        if row["read_only_default"]:
            set_by = tuple(
                (found["for_database"], found["for_role"])
                for found in await connection.fetch(
                    queries["read_only_set_by"], timeout=QUERY_TIMEOUT_SECONDS
                )
            )
        return Server(**dict(row), read_only_set_by=set_by)
