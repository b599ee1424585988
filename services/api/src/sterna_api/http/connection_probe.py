"""Tries a connection: reaches the server, enters, and asks what the role may do."""

import asyncio
import ssl
from time import perf_counter

import asyncpg

from sterna_core.clock import Clock
from sterna_core.connection.endpoint import Endpoint, SslMode
from sterna_core.connection.probe import ProbeResult
from sterna_core.secrets.secret import Secret

FAILED = "connection_failed"
PROBE_SECONDS_MAX = 30.0
_CLOSE_SECONDS = 2.0
_QUESTIONS = """
select current_setting('server_version') as version,
       coalesce((select s.ssl from pg_stat_ssl s where s.pid = pg_backend_pid()), false) as encrypted,
       r.rolsuper as superuser,
       r.rolreplication as replication,
       has_database_privilege(current_database(), 'create') as create_schema,
       has_database_privilege(current_database(), 'temporary') as temporary,
       pg_has_role(current_user, 'pg_read_all_data', 'member') as read_all_data,
       pg_has_role(current_user, 'pg_write_all_data', 'member') as write_all_data
from pg_roles r where r.rolname = current_user
"""
_RIGHTS = (
    "superuser",
    "replication",
    "create_schema",
    "temporary",
    "read_all_data",
    "write_all_data",
)
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
    (ssl.SSLError, "The server's certificate is not accepted, or it does not speak TLS."),
    (TimeoutError, "The server did not answer in time."),
    (ConnectionRefusedError, "Nothing listens at this host and port."),
    (OSError, "The host is not found or not reachable."),
    (ConnectionError, "The server closed the connection, or does not speak TLS."),
    (asyncpg.PostgresError, "The server refuses the connection."),
    (asyncpg.InterfaceError, "The server is not a PostgreSQL, or refuses the connection."),
)
_FAULTS = tuple(kind for kind, _ in _REASONS)


async def probe(
    endpoint: Endpoint, password: Secret, *, timeout_seconds: float, clock: Clock
) -> ProbeResult:
    """Try a connection; what goes wrong is told in words of our own."""
    deadline = min(timeout_seconds, PROBE_SECONDS_MAX)
    at, begun = clock(), perf_counter()
    try:
        async with asyncio.timeout(deadline):
            connection = await asyncpg.connect(
                host=endpoint.host,
                port=endpoint.port,
                user=endpoint.username,
                password=password.reveal(),
                database=endpoint.database,
                ssl=tls_for(endpoint.ssl_mode),
                timeout=deadline,
                command_timeout=deadline,
                server_settings={"application_name": "sterna-test"},
            )
            try:
                connected = perf_counter()
                row = await connection.fetchrow(_QUESTIONS)
                answered = perf_counter()
            finally:
                await _leave(connection)
    except _FAULTS as fault:
        message = next(words for kind, words in _REASONS if isinstance(fault, kind))
        return ProbeResult(succeeded=False, at=at, code=FAILED, message=message)
    return ProbeResult(
        succeeded=True,
        at=at,
        connect_milliseconds=round((connected - begun) * 1000, 1),
        query_milliseconds=round((answered - connected) * 1000, 1),
        server_version=row["version"] if row else None,
        encrypted=row["encrypted"] if row else None,
        rights=tuple(right for right in _RIGHTS if row and row[right]),
    )


def tls_for(mode: SslMode) -> str | ssl.SSLContext:
    """Give what asyncpg needs for a mode; certificates are checked against the system's store."""
    if mode not in {"verify-ca", "verify-full"}:
        return mode
    context = ssl.create_default_context()
    context.check_hostname = mode == "verify-full"
    return context


async def _leave(connection: asyncpg.Connection) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        connection.terminate()
