"""Tries a connection to a Qdrant server: what it is, and whether the key may look at it."""

import asyncio
import ssl
from time import perf_counter

import aiohttp
import msgspec
from msgspec import Struct

from sterna_api.http.database_visit import CONNECT_SECONDS_MAX, FAILED
from sterna_core.clock import Clock
from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.options import ConnectionOptions
from sterna_core.connection.probe import ProbeResult
from sterna_core.connection.tls import tls_for
from sterna_core.secrets.secret import Secret

_BYTES_MAX = 1024 * 1024
_OK = 200
_REFUSED = (401, 403)
_TITLE = "qdrant"


class _Greeting(Struct):
    title: str = ""
    version: str = ""


class _Unlike(Exception):
    """The server is not what it should be, or does not let the key in."""


async def probe_qdrant(
    endpoint: Endpoint, password: Secret, *, options: ConnectionOptions, clock: Clock
) -> ProbeResult:
    """Try a connection; the password is the API key, and no key is sent where it is empty."""
    seconds = min(float(options.connection_timeout_seconds), CONNECT_SECONDS_MAX)
    try:
        async with asyncio.timeout(seconds), _session() as session:
            begun = perf_counter()
            greeting = await _greeting(session, endpoint)
            greeted = perf_counter()
            await _get(session, endpoint, "/collections", password.reveal())
            asked = perf_counter()
    except _Unlike as error:
        return _failed(clock, str(error))
    except TimeoutError:
        return _failed(clock, "The server did not answer in time.")
    except (ssl.SSLError, aiohttp.ClientSSLError):
        return _failed(clock, "The server's certificate is not accepted, or it does not speak TLS.")
    except (aiohttp.ClientError, OSError, ValueError, msgspec.DecodeError):
        return _failed(clock, "The server is not reached, or is not a Qdrant.")
    return ProbeResult(
        succeeded=True,
        at=clock(),
        connect_milliseconds=round((greeted - begun) * 1000, 1),
        query_milliseconds=round((asked - greeted) * 1000, 1),
        server_version=greeting.version,
        encrypted=_scheme(endpoint) == "https",
    )


async def _greeting(session: aiohttp.ClientSession, endpoint: Endpoint) -> _Greeting:
    greeting = msgspec.json.decode(await _get(session, endpoint, "/", None), type=_Greeting)
    if _TITLE not in greeting.title:
        raise _Unlike("The server is not a Qdrant.")
    return greeting


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


async def _get(
    session: aiohttp.ClientSession, endpoint: Endpoint, path: str, key: str | None
) -> bytes:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    url = f"{_scheme(endpoint)}://{host}:{endpoint.port}{path}"
    context = tls_for(endpoint.ssl_mode)
    if isinstance(context, str):
        # As with databases: TLS without a look at the certificate.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    headers = {"api-key": key} if key else {}
    async with session.get(url, headers=headers, ssl=context, allow_redirects=False) as got:
        if got.status in _REFUSED:
            raise _Unlike("The server refuses the API key, which is the connection's password.")
        if got.status != _OK:
            raise _Unlike("The server is not a Qdrant.")
        return await got.content.read(_BYTES_MAX)


def _scheme(endpoint: Endpoint) -> str:
    return "http" if endpoint.ssl_mode in {"disable", "prefer"} else "https"


def _failed(clock: Clock, message: str) -> ProbeResult:
    return ProbeResult(succeeded=False, at=clock(), code=FAILED, message=message)
