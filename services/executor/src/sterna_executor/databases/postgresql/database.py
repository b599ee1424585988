from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sterna_core.connection.endpoint import Endpoint
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.connection import Connection, application_name_for
from sterna_executor.databases.postgresql.errors import Role
from sterna_executor.databases.postgresql.pool import ConnectionPool


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One side of a migration, and how to enter it."""

    pool: ConnectionPool
    endpoint: Endpoint
    password: Secret
    role: Role
    migration_id: str

    def session(self, *, keep: bool = True) -> AbstractAsyncContextManager[Connection]:
        """Borrow a connection; see `ConnectionPool.borrow`."""
        return self.pool.borrow(
            self.endpoint,
            self.password,
            role=self.role,
            application_name=application_name_for(self.migration_id),
            keep=keep,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a piece of work is done for: a task of a migration's epoch, between two databases."""

    migration_id: str
    task_id: str
    epoch: int
    source: Database
    target: Database
