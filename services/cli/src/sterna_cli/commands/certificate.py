"""`sterna certificate …`."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from msgspec import Struct

from sterna_cli.certificate.recount import Recount, recount
from sterna_cli.commands.asking import shown, with_api
from sterna_cli.console.terminal import Format, Terminal
from sterna_cli.database_url import DatabaseUrl
from sterna_cli.exit_code import ExitCode
from sterna_cli.reach import Reached
from sterna_cli.runner import run
from sterna_core.certificate.certificate import (
    Certificate,
    CertificateInvalid,
    verify_certificate,
)
from sterna_core.certificate.signing import PublicKey
from sterna_core.errors import InvalidRequest

_NAMED_DIFFERENCES = 20


class Verified(Struct, frozen=True, kw_only=True):
    """What a check found to be so."""

    certificate_id: str
    migration_id: str
    issued_at: str
    tables: int
    rows: int
    recount: Recount | None


def fetch(
    migration_id: str,
    /,
    *,
    file: Annotated[Path, Parameter(name=["--output-file", "-o"])],
) -> ExitCode:
    """Save the certificate of a completed migration.

    Parameters
    ----------
    migration_id
        mig_…
    file
        Where to write it, byte by byte as the API gives it.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        path = f"/v1/migrations/{migration_id}/certificate"
        body = await reached.sterna.session.get(path, bytes)
        file.write_bytes(body)
        return shown(terminal, {"file": str(file)}, f"Certificate written to {file}")

    return with_api("table", answer)


def public_key(*, output: Format = "table") -> ExitCode:
    """Print the key that the API's certificates are checked with.

    Parameters
    ----------
    output
        table (the key alone) or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        found = await reached.sterna.certificate_key()
        return shown(terminal, found, found.public_key)

    return with_api(output, answer)


def verify(
    file: Path,
    /,
    *,
    public_key: str,
    target: str | None = None,
    source: str | None = None,
    output: Format = "table",
) -> ExitCode:
    """Check a certificate offline, and with --target against the real tables.

    Parameters
    ----------
    file
        The certificate.
    public_key
        The key to check it with, or a file that holds it; see `sterna certificate public-key`.
    target
        postgresql://… of the target: every table is summed again and compared.
    source
        postgresql://… of the source, to be summed as well; needs --target.
    output
        table or json.

    """
    terminal = Terminal(output)

    async def work() -> ExitCode:
        if source is not None and target is None:
            raise InvalidRequest("--source needs --target, whose types say how values compare.")
        certificate = verify_certificate(_read(file), _key(public_key))
        found = None
        if target is not None:
            found = await recount(
                certificate.tables,
                DatabaseUrl.parse(target, "target", os.environ),
                DatabaseUrl.parse(source, "source", os.environ) if source else None,
            )
            _refuse_differences(found)
        _tell(terminal, certificate, found)
        return ExitCode.OK

    return run(terminal, work)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        raise InvalidRequest(f"{file} cannot be read.") from None


def _key(text: str) -> PublicKey:
    path = Path(text)
    if len(text) < os.pathconf("/", "PC_PATH_MAX") and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
    return PublicKey.parse(text)


def _refuse_differences(found: Recount) -> None:
    if not found.differences:
        return
    problems = [
        f"{each.table_id}: the {each.side} is not as it was certified ("
        + (
            "it cannot be read as it was)"
            if each.rows is None
            else f"{each.certified_rows} rows then, {each.rows} now; {each.parts} parts differ)"
        )
        for each in found.differences[:_NAMED_DIFFERENCES]
    ]
    message = f"{len(found.differences)} tables are not as they were certified: {problems[0]}"
    raise CertificateInvalid(message, code="contents_changed", details={"problems": problems})


def _tell(terminal: Terminal, certificate: Certificate, found: Recount | None) -> None:
    statement = certificate.statement
    coverage = statement.coverage
    verified = Verified(
        certificate_id=statement.certificate_id,
        migration_id=statement.migration_id,
        issued_at=statement.issued_at.isoformat(),
        tables=coverage.tables_compared,
        rows=coverage.rows_compared,
        recount=found,
    )
    if terminal.is_json:
        terminal.document(verified)
        return
    terminal.say(f"The certificate {statement.certificate_id} is valid.", "green")
    terminal.say(
        f"{statement.name}: {statement.source.database} to {statement.target.database},"
        f" {coverage.tables_compared} tables, {coverage.rows_compared} rows,"
        f" issued {statement.issued_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    passed = [each.kind for each in statement.kinds if each.status == "passed"]
    terminal.say(f"Passed: {', '.join(passed)}")
    for each in statement.exceptions:
        terminal.say(f"Exception: {each.table_id or 'all'}: {each.rows} rows, {each.reason}")
    if found is not None:
        terminal.say(f"Summed again: {found.rows} rows of {found.tables} tables, as certified")
