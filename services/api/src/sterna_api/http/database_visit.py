"""A short look at somebody's database: one connection, read-only, with deadlines, and then gone."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import perf_counter

import asyncpg
from msgspec import Struct

from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.options import ConnectionOptions
from sterna_core.connection.tls import tls_for
from sterna_core.errors import Transient
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.secrets.secret import Secret

FAILED = "connection_failed"
CONNECT_SECONDS_MAX = 30.0
QUERY_SECONDS_MAX = 60.0
_CLOSE_SECONDS = 2.0
# The first class that fits gives the words: never the driver's own, which quote what was sent.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (asyncpg.InvalidPasswordError, "The server refuses the user name or the password."),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "The server refuses this role, from here or with this ssl_mode.",
    ),
    (asyncpg.InvalidCatalogNameError, "The server has no database of this name."),
    (asyncpg.TooManyConnectionsError, "The server takes no more connections."),
    (asyncpg.CannotConnectNowError, "The server is starting or stopping."),
    (asyncpg.QueryCanceledError, "The server did not answer in time."),
    (asyncpg.InsufficientPrivilegeError, "The role may not connect, or may not read the catalog."),
    (ssl.SSLError, "The server's certificate is not accepted, or it does not speak TLS."),
    (TimeoutError, "The server did not answer in time."),
    (ConnectionRefusedError, "Nothing listens at this host and port."),
    (OSError, "The host is not found or not reachable."),
    (ConnectionError, "The server closed the connection, or does not speak TLS."),
    (asyncpg.PostgresError, "The server refuses the connection."),
    (asyncpg.InterfaceError, "The server is not a PostgreSQL, or refuses the connection."),
    (asyncpg.InternalClientError, "The server closed the connection."),
)
_FAULTS = tuple(kind for kind, _ in _REASONS)


class VisitFailed(Transient):
    """A database could not be entered or asked; the message says what to put right."""

    code = FAILED


class Visit(Struct, frozen=True):
    """An open connection, and how long its opening took."""

    connection: asyncpg.Connection
    connect_milliseconds: float
    login_milliseconds: float
    query_seconds: float
    """How long one question may take."""


@asynccontextmanager
async def visit(
    endpoint: Endpoint, password: Secret, options: ConnectionOptions
) -> AsyncGenerator[Visit, None]:
    """Enter a database to read from it; raises VisitFailed in words of our own."""
    connect_seconds = min(float(options.connection_timeout_seconds), CONNECT_SECONDS_MAX)
    query_seconds = min(float(options.query_timeout_seconds), QUERY_SECONDS_MAX)
    try:
        async with asyncio.timeout(connect_seconds):
            connected = await _reach(endpoint)
            begun = perf_counter()
            connection = await asyncpg.connect(
                host=endpoint.host,
                port=endpoint.port,
                user=endpoint.username,
                password=password.reveal(),
                database=endpoint.database,
                ssl=tls_for(endpoint.ssl_mode),
                timeout=connect_seconds,
                command_timeout=query_seconds,
                server_settings={
                    "application_name": "sterna-test",
                    "default_transaction_read_only": "on",
                    "statement_timeout": str(int(query_seconds * 1000)),
                    "search_path": "pg_catalog",
                },
            )
            entered = perf_counter()
        try:
            yield Visit(connection, connected, round((entered - begun) * 1000, 1), query_seconds)
        finally:
            await _leave(connection)
    except _FAULTS as fault:
        raise VisitFailed(_words(fault)) from None


def _words(fault: BaseException) -> str:
    return next(words for kind, words in _REASONS if isinstance(fault, kind))


async def _reach(endpoint: Endpoint) -> float:
    """Give how many milliseconds the way to the server and back takes."""
    begun = perf_counter()
    _, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    milliseconds = (perf_counter() - begun) * 1000
    # Closed without a word, which servers do not log.
    writer.close()
    await writer.wait_closed()
    return round(milliseconds, 1)


async def _leave(connection: asyncpg.Connection) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await connection.close()
    except DRIVER_ERRORS:
        connection.terminate()
