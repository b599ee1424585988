import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

from sterna_core.connection.endpoint import Endpoint
from sterna_core.errors import Transient
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.connection import (
    CONNECT_TIMEOUT_SECONDS,
    Connection,
    close,
    connect,
    is_usable,
    settle,
)
from sterna_executor.databases.postgresql.errors import Role

MAX_CONNECTIONS_PER_HOST = 8
IDLE_SECONDS = 30.0
WAIT_SECONDS = 120.0

_Place: TypeAlias = tuple[str, int, Role, str]
_Entry: TypeAlias = tuple[Endpoint, Role]


class ConnectionPool:
    """Connections that pieces of work borrow, a bounded number to each host and role.

    A connection with a bound of its own has no more than that lent at once either.

    Work that needs both sides borrows the target's connection first and then the source's, one of
    each: with that order no two pieces of work wait for each other, even where both sides are on
    one server. Connections left idle are closed after `idle_seconds`.
    """

    def __init__(
        self,
        *,
        max_connections_per_host: int = MAX_CONNECTIONS_PER_HOST,
        idle_seconds: float = IDLE_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
    ) -> None:
        self._max_connections_per_host = max_connections_per_host
        self._idle_seconds = idle_seconds
        self._wait_seconds = wait_seconds
        self._connect_timeout_seconds = connect_timeout_seconds
        self._places: dict[_Place, asyncio.Semaphore] = {}
        self._idle: dict[_Entry, list[Connection]] = {}

    @asynccontextmanager
    async def borrow(
        self,
        endpoint: Endpoint,
        password: Secret,
        *,
        role: Role,
        application_name: str,
        keep: bool = True,
    ) -> AsyncGenerator[Connection]:
        """Lend a connection with fresh session settings.

        It is closed, and with it what it was doing, where the block ends with an exception, in a
        transaction, or with `keep` False (for sessions that ran expressions of a user). Raises
        what `connect` raises, and Transient where no connection becomes free in time.
        """
        async with self._turn(endpoint, role):
            connection = await self._obtain(endpoint, password, role, application_name)
            returned = False
            try:
                yield connection
                returned = keep and is_usable(connection)
            finally:
                if returned:
                    self._put_back((endpoint, role), connection)
                else:
                    await close(connection)

    async def close(self) -> None:
        """Close what is idle; what is lent is closed by whoever borrowed it."""
        idle = [connection for entry in self._idle.values() for connection in entry]
        self._idle.clear()
        self._idle_seconds = 0.0
        async with asyncio.TaskGroup() as closing:
            for connection in idle:
                closing.create_task(close(connection))

    @asynccontextmanager
    async def _turn(self, endpoint: Endpoint, role: Role) -> AsyncGenerator[None]:
        """Wait for a place: first of those of the connection's own bound, then of the host's."""
        limits = [self._max_connections_per_host]
        places: list[_Place] = [(endpoint.host, endpoint.port, role, "")]
        if endpoint.max_connections is not None:
            limits.insert(0, endpoint.max_connections)
            # With the bound in the key: a connection that was changed meanwhile has another.
            bound = f"{endpoint.connection_id}/{endpoint.max_connections}"
            places.insert(0, (endpoint.host, endpoint.port, role, bound))
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._wait_seconds):
                    for place, limit in zip(places, limits, strict=True):
                        semaphore = self._places.setdefault(place, asyncio.Semaphore(limit))
                        await held.enter_async_context(semaphore)
            except TimeoutError:
                raise Transient(
                    f"this executor has no connection to the {role} free: allow more per host,"
                    " or more in the connection's options",
                    code="too_many_connections",
                    details={"limit": min(limits)},
                ) from None
            yield

    async def _obtain(
        self, endpoint: Endpoint, password: Secret, role: Role, application_name: str
    ) -> Connection:
        idle = self._idle.get((endpoint, role), [])
        while idle:
            connection = idle.pop()
            try:
                async with asyncio.timeout(self._connect_timeout_seconds):
                    await connection.reset()
                    await settle(connection, role=role, application_name=application_name)
            except DRIVER_ERRORS:
                connection.terminate()  # it died while idle; the next one may live
            except BaseException:
                connection.terminate()
                raise
            else:
                return connection
        return await connect(
            endpoint,
            password,
            role=role,
            application_name=application_name,
            timeout_seconds=endpoint.connection_timeout_seconds or self._connect_timeout_seconds,
        )

    def _put_back(self, entry: _Entry, connection: Connection) -> None:
        self._idle.setdefault(entry, []).append(connection)
        asyncio.get_running_loop().call_later(self._idle_seconds, self._drop, entry, connection)

    def _drop(self, entry: _Entry, connection: Connection) -> None:
        idle = self._idle.get(entry, [])
        if connection in idle:
            idle.remove(connection)
            connection.terminate()
            if not idle:
                del self._idle[entry]
