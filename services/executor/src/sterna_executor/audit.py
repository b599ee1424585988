"""Sums certified tables again: reads a request from standard input, writes the result.

So that the command line can have it done without the executor's code, and no password is in any
list of processes.
"""

import asyncio
import sys

import msgspec
from msgspec import Struct

from sterna_core.certificate.table import CertifiedTable
from sterna_core.connection.endpoint import Endpoint
from sterna_core.errors import SternaError
from sterna_core.logs import configure_logs
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.audit import Audit, audit
from sterna_executor.databases.postgresql.connection import Connection, close, connect
from sterna_executor.databases.postgresql.errors import Role

APPLICATION_NAME = "sterna certificate verify"


class Login(Struct, frozen=True, kw_only=True):
    """Where a database is and how to enter it."""

    endpoint: Endpoint
    password: str


class AuditRequest(Struct, frozen=True, kw_only=True):
    """What is to be summed, and where."""

    tables: tuple[CertifiedTable, ...]
    target: Login
    source: Login | None = None


class AuditFailed(Struct, frozen=True, kw_only=True):
    """Why nothing could be compared."""

    code: str
    message: str


class AuditAnswer(Struct, frozen=True, kw_only=True):
    """What came of it: one of both."""

    audit: Audit | None = None
    failed: AuditFailed | None = None


async def answer(request: AuditRequest) -> AuditAnswer:
    """Do what is asked, and say what came of it."""
    opened: list[Connection] = []
    try:
        target = await _enter(request.target, "target")
        opened.append(target)
        source = None
        if request.source is not None:
            source = await _enter(request.source, "source")
            opened.append(source)
        return AuditAnswer(audit=await audit(request.tables, target, source))
    except SternaError as error:
        return AuditAnswer(failed=AuditFailed(code=error.code, message=error.message))
    finally:
        for connection in opened:
            await close(connection)


async def _enter(login: Login, role: Role) -> Connection:
    return await connect(
        login.endpoint, Secret(login.password), role=role, application_name=APPLICATION_NAME
    )


def main() -> None:
    """Answer the one request on standard input."""
    configure_logs(level="error")
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=AuditRequest)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(answer(request))))


if __name__ == "__main__":
    main()
