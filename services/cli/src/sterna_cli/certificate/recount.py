"""Has the rows of certified tables summed again, by a process of its own."""

import asyncio
import sys

import msgspec
from msgspec import Struct

from sterna_cli.database_url import DatabaseUrl
from sterna_core.certificate.table import CertifiedTable
from sterna_core.connection.endpoint import Endpoint, SslMode
from sterna_core.errors import Terminal

AUDIT_SECONDS = 24 * 3600.0
"""How long summing all tables may take."""


class Difference(Struct, frozen=True, kw_only=True):
    """A side of a table that is not as it was certified; `rows` is None where it is not there."""

    table_id: str
    side: str
    certified_rows: int
    rows: int | None
    parts: int


class Recount(Struct, frozen=True, kw_only=True):
    """What was summed again, and what of it differs."""

    tables: int
    rows: int
    differences: tuple[Difference, ...]


class _Failed(Struct, frozen=True, kw_only=True):
    code: str
    message: str


class _Answer(Struct, frozen=True, kw_only=True):
    audit: Recount | None = None
    failed: _Failed | None = None


async def recount(
    tables: tuple[CertifiedTable, ...], target: DatabaseUrl, source: DatabaseUrl | None
) -> Recount:
    """Sum every table again; raises Terminal where that could not be done."""
    request = {"tables": tables, "target": _login(target)}
    if source is not None:
        request["source"] = _login(source)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sterna_executor.audit"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(AUDIT_SECONDS):
            written, _ = await process.communicate(msgspec.json.encode(request))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer = msgspec.json.decode(written, type=_Answer)
    except msgspec.DecodeError:
        raise Terminal("The tables could not be summed: the process for it broke.") from None
    if answer.audit is None:
        failed = answer.failed or _Failed(code="internal_error", message="No answer.")
        raise Terminal(failed.message, code=failed.code)
    return answer.audit


def _login(url: DatabaseUrl) -> dict[str, object]:
    endpoint = Endpoint(
        connection_id="conn_audit",
        org_id="org_audit",
        host=url.host,
        port=url.port,
        database=url.database,
        username=url.username,
        sealed_password="",
        ssl_mode=msgspec.convert(url.ssl_mode, SslMode),
    )
    return {"endpoint": endpoint, "password": url.password.reveal()}
