"""Connections to a source or a target, always from fields and never from a text of settings."""

import asyncio
import socket
import ssl
from typing import Any, TypeAlias

import asyncpg

from sterna_core.connection.endpoint import Endpoint
from sterna_core.errors import SternaError, Terminal
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.errors import Role, no_entry, translate, unreachable
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.tls import tls_argument

Connection: TypeAlias = asyncpg.Connection

CONNECT_TIMEOUT_SECONDS = 15.0
CLOSE_TIMEOUT_SECONDS = 5.0
LOCK_TIMEOUT_SECONDS = 30
KEEPALIVE_IDLE_SECONDS = 30
KEEPALIVE_INTERVAL_SECONDS = 10
KEEPALIVE_PROBES = 3
CLIENT_CHECK_SECONDS = 5
UNACKNOWLEDGED_SECONDS = 60
_NAME_BYTES = 63
_OLDEST_MAJOR = 11

_SETTINGS = {
    "search_path": "pg_catalog",  # every name is written with its schema
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "xmloption": "content",
    "standard_conforming_strings": "on",
    "client_min_messages": "error",
    "row_security": "off",  # an error, where a policy would hide rows
    "synchronize_seqscans": "off",  # rows come in the order in which they are stored
    "statement_timeout": "0",  # deadlines are the client's: an index may take hours
    "lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s",
    "idle_in_transaction_session_timeout": "0",  # or a server would end the held snapshot
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    # A server finds out that an executor's machine is gone, and frees what it held.
    "tcp_keepalives_idle": str(KEEPALIVE_IDLE_SECONDS),
    "tcp_keepalives_interval": str(KEEPALIVE_INTERVAL_SECONDS),
    "tcp_keepalives_count": str(KEEPALIVE_PROBES),
    "jit": "off",  # hashing and COPY gain nothing from it
}
_SETTINGS_SINCE = {14: {"idle_session_timeout": "0"}, 17: {"transaction_timeout": "0"}}
# A statement whose client is gone ends, also while it waits or computes. asyncpg sends no request
# to cancel where the task that reads a COPY is cancelled in the moment in which rows arrive.
_SUPPORTED_BY_SOME_SINCE = {14: {"client_connection_check_interval": f"{CLIENT_CHECK_SECONDS}s"}}
_SETTINGS_OF: dict[Role, dict[str, str]] = {
    "source": {"default_transaction_read_only": "on"},
    # What was reported as committed survives a crash of the server.
    "target": {"default_transaction_read_only": "off", "synchronous_commit": "on"},
}


class _KeptAlive(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that finds out when the server's machine is gone, also while it waits."""

    __slots__ = ()

    def __init__(self, protocol: Any, transport: asyncio.Transport, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (
            ("TCP_KEEPIDLE", KEEPALIVE_IDLE_SECONDS),
            ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_SECONDS),
            ("TCP_KEEPCNT", KEEPALIVE_PROBES),
            ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_SECONDS * 1000),
        ):
            if hasattr(socket, option):  # not every system has all of them
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


async def connect(
    endpoint: Endpoint,
    password: Secret,
    *,
    role: Role,
    application_name: str,
    timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
) -> Connection:
    """Open a connection with the session settings that moving data needs.

    Raises Unreachable where the server does not answer, and Terminal with the same code where it
    does and refuses: the password, the database, the certificate, the version.
    """
    if not endpoint.host or endpoint.host.startswith(("/", "@")):
        raise no_entry(role, "bad_host", f"the {role}'s host is not a host name or an address")
    connection: Connection | None = None
    try:
        async with asyncio.timeout(timeout_seconds):
            connection = await asyncpg.connect(
                host=[endpoint.host],
                port=[endpoint.port],
                user=endpoint.username,
                password=password.reveal(),
                database=endpoint.database,
                ssl=tls_argument(endpoint.ssl_mode),
                direct_tls=False,
                target_session_attrs="any",
                gsslib="gssapi",
                timeout=timeout_seconds,
                connection_class=_KeptAlive,
                server_settings={"application_name": _shortened(application_name)},
            )
            await settle(connection, role=role, application_name=application_name)
    except BaseException as error:
        if connection is not None:
            connection.terminate()
        if not isinstance(error, Exception):
            raise
        raise _refused(error, role) from None
    return connection


async def settle(connection: Connection, *, role: Role, application_name: str) -> None:
    """Bring the session's settings to what a fresh connection has, in one round trip.

    Raises what the driver raises, and Terminal where the server is too old.
    """
    major = server_major(connection)
    if major < _OLDEST_MAJOR:
        raise no_entry(
            role,
            "version_not_supported",
            f"the {role} server is PostgreSQL {major}; the oldest supported is {_OLDEST_MAJOR}",
        )
    settings = _SETTINGS | _SETTINGS_OF[role] | {"application_name": _shortened(application_name)}
    settings |= _for_version(_SETTINGS_SINCE, major)
    await apply_settings(connection, settings, _for_version(_SUPPORTED_BY_SOME_SINCE, major))


async def apply_settings(
    connection: Connection, settings: dict[str, str], where_supported: dict[str, str]
) -> None:
    """Set a session's settings; those of the second kind only where the server's system can."""
    set_all = statements("connection.sql")["settle"]
    every = settings | where_supported
    try:
        await connection.fetchval(set_all, list(every), list(every.values()))
    except asyncpg.InvalidParameterValueError:
        await connection.fetchval(set_all, list(settings), list(settings.values()))


async def close(connection: Connection, *, timeout_seconds: float = CLOSE_TIMEOUT_SECONDS) -> None:
    """Close within a deadline, stopping what runs; the socket is gone afterwards in any case."""
    try:
        async with asyncio.timeout(timeout_seconds):
            await connection.close()
    except DRIVER_ERRORS:
        pass  # the connection is being thrown away: whatever was wrong with it goes with it
    finally:
        connection.terminate()


def application_name_for(migration_id: str) -> str:
    """Name the sessions of a migration, so that they can be told from others on a server."""
    return f"sterna {migration_id}"


def server_major(connection: Connection) -> int:
    """Give the major version of the server, such as 18."""
    return int(connection.get_server_version().major)


def _for_version(settings_since: dict[int, dict[str, str]], major: int) -> dict[str, str]:
    return {
        name: setting
        for since, added in settings_since.items()
        if major >= since
        for name, setting in added.items()
    }


def _shortened(name: str) -> str:
    return name.encode("ascii", "replace")[:_NAME_BYTES].decode()


def _refused(error: Exception, role: Role) -> SternaError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return no_entry(
            role, "certificate_not_trusted", f"the {role} server's certificate is not trusted"
        )
    # asyncpg raises a bare ConnectionError where a server has no TLS and TLS is required.
    if type(error) is ConnectionError and "rejected SSL upgrade" in str(error):
        return no_entry(role, "tls_refused", f"the {role} server offers no TLS; ssl_mode needs it")
    if isinstance(error, ssl.SSLError):
        return unreachable(role, "tls_failed")
    if isinstance(error, socket.gaierror):
        return unreachable(role, "host_not_found")
    if isinstance(error, ConnectionRefusedError):
        return unreachable(role, "connection_refused")
    translation = translate(error, role)
    if isinstance(translation, Terminal) and translation.code == f"{role}_refused":
        translation.code = f"{role}_unreachable"
    return translation


def is_usable(connection: Connection) -> bool:
    """Tell whether another piece of work may use this connection: open, and in no transaction."""
    settled: Any = not connection.is_closed() and not connection.is_in_transaction()
    return bool(settled)
