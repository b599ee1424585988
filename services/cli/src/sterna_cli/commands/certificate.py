"""`sterna certificate …`."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from msgspec import Struct

from sterna_cli.certificate.exempt import Explained, explanation_of
from sterna_cli.certificate.recount import Difference, Recount, recount
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
from sterna_core.certificate.statement import Statement
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
    explained: tuple[Explained, ...] = ()


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
        found: Recount | None = None
        explained: tuple[Explained, ...] = ()
        if target is not None:
            found = await recount(
                certificate.tables,
                DatabaseUrl.parse(target, "target", os.environ),
                DatabaseUrl.parse(source, "source", os.environ) if source else None,
            )
            explained = _explained(found, certificate.statement)
        _tell(terminal, certificate, found, explained)
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


def _explained(found: Recount, statement: Statement) -> tuple[Explained, ...]:
    """Give what the exceptions explain; raises CertificateInvalid where they do not explain all."""
    explained, unexplained = [], []
    for each in found.differences:
        explanation = explanation_of(each, statement.exceptions)
        if explanation is not None:
            explained.append(explanation)
        else:
            unexplained.append(each)
    if not unexplained:
        return tuple(explained)
    problems = [_problem(each, statement) for each in unexplained[:_NAMED_DIFFERENCES]]
    message = f"{len(unexplained)} tables are not as they were certified: {problems[0]}"
    raise CertificateInvalid(message, code="contents_changed", details={"problems": problems})


def _problem(each: Difference, statement: Statement) -> str:
    exempt = sum(it.rows for it in statement.exceptions if it.table_id == each.table_id)
    known = f"; {exempt} rows are exceptions" if exempt and each.side == "source" else ""
    found = (
        "it cannot be read as it was"
        if each.rows is None
        else f"{each.certified_rows} rows then, {each.rows} now; {each.parts} parts differ"
    )
    return f"{each.table_id}: the {each.side} is not as it was certified ({found}{known})"


def _tell(
    terminal: Terminal,
    certificate: Certificate,
    found: Recount | None,
    explained: tuple[Explained, ...],
) -> None:
    statement = certificate.statement
    coverage = statement.coverage
    verified = Verified(
        certificate_id=statement.certificate_id,
        migration_id=statement.migration_id,
        issued_at=statement.issued_at.isoformat(),
        tables=coverage.tables_compared,
        rows=coverage.rows_compared,
        recount=found,
        explained=explained,
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
    for known in explained:
        terminal.say(
            f"  but {known.table_id} on the source: {known.parts} parts of it differ, which"
            f" {known.rows_left_out} rows left out and {known.rows_replaced} with another value"
            " explain; other rows in these parts were not compared",
            "yellow",
        )
