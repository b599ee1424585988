"""Sends one event to one address: signed, once, to where it may go, and reads little back."""

import asyncio
from datetime import UTC, datetime

import aiohttp
from msgspec import Struct
from standardwebhooks import Webhook

from sterna_api.webhooks.guard import AddressGuard, AddressRefused
from sterna_core.secrets.secret import Secret
from sterna_core.webhook.commands import AttemptResult

REQUEST_SECONDS = 30.0
RESPONSE_BYTES_MAX = 64 * 1024
_HEADER_BYTES_MAX = 8 * 1024
_GONE = 410
_USER_AGENT = "Sterna-Webhooks/1"


class Attempt(Struct, frozen=True):
    """What became of one attempt; `reason` is a stable code, never the receiver's words."""

    result: AttemptResult
    status: int | None
    reason: str | None


def new_session(guard: AddressGuard) -> aiohttp.ClientSession:
    """Make the session that attempts share: no cookies, no proxies, no resolved names kept."""
    connector = aiohttp.TCPConnector(
        socket_factory=guard.socket_for, use_dns_cache=False, force_close=True, limit=100
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        max_line_size=_HEADER_BYTES_MAX,
        max_field_size=_HEADER_BYTES_MAX,
    )


async def send_event(
    session: aiohttp.ClientSession,
    *,
    url: str,
    event_id: str,
    body: str,
    secret: Secret,
    now: datetime,
    previous: Secret | None = None,
) -> Attempt:
    """Post an event, signed by the Standard Webhooks specification.

    While a secret is being replaced there are two signatures, the one of `previous` last.
    """
    # The library takes a moment's digits as UTC, whatever its zone.
    moment = now.astimezone(UTC)
    secrets = (secret,) if previous is None else (secret, previous)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(
            Webhook(each.reveal()).sign(event_id, moment, body) for each in secrets
        ),
    }
    try:
        async with (
            asyncio.timeout(REQUEST_SECONDS),
            session.post(
                url, data=body.encode(), headers=headers, allow_redirects=False
            ) as response,
        ):
            await _read_little(response)
            return _judge(response.status)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Attempt("failed", None, reason_of(error))


def _judge(status: int) -> Attempt:
    if 200 <= status < 300:
        return Attempt("delivered", status, None)
    if status == _GONE:
        return Attempt("gone", status, "gone")
    if 300 <= status < 400:
        return Attempt("failed", status, "redirect")
    return Attempt("failed", status, "status")


async def _read_little(response: aiohttp.ClientResponse) -> None:
    """Read the answer to its end or to a bound; the rest is cut off with the connection."""
    read = 0
    while read < RESPONSE_BYTES_MAX:
        block = await response.content.read(RESPONSE_BYTES_MAX - read)
        if not block:
            return
        read += len(block)
    response.close()


def reason_of(error: BaseException) -> str:
    """Give the stable code for what went wrong on the way."""
    causes: list[BaseException | None] = [error, error.__cause__, error.__context__]
    if isinstance(error, aiohttp.ClientConnectorError):
        causes.append(error.os_error)
    if any(isinstance(cause, AddressRefused) for cause in causes):
        return "address_refused"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
        return "tls"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "name_not_found"
    if isinstance(error, aiohttp.InvalidURL):
        return "url_invalid"
    return "unreachable"
