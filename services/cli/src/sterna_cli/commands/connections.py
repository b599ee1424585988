"""`sterna connections …`."""

from sterna_cli.commands.asking import shown, with_api
from sterna_cli.console.terminal import Format, Terminal
from sterna_cli.exit_code import ExitCode
from sterna_cli.reach import Reached


def list_connections(*, limit: int = 100, output: Format = "table") -> ExitCode:
    """List the databases that the API knows.

    Parameters
    ----------
    limit
        At most so many (up to 100).
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        found = await reached.sterna.connections.list(limit)
        if terminal.is_json:
            terminal.document(found)
            return ExitCode.OK
        terminal.rows(
            ("id", "name", "type", "role", "status"),
            ((each.id, each.name, each.type, each.role, each.status) for each in found.data),
        )
        return ExitCode.OK

    return with_api(output, answer)


def try_connection(connection_id: str, /, *, output: Format = "table") -> ExitCode:
    """Try a connection now.

    Parameters
    ----------
    connection_id
        conn_…
    output
        table or json.

    """

    async def answer(terminal: Terminal, reached: Reached) -> ExitCode:
        await reached.sterna.connections.test(connection_id)
        tested = await reached.sterna.connections.tested(connection_id)
        shown(terminal, tested, f"{tested.id} {tested.status} {tested.reason or ''}".rstrip())
        return ExitCode.FAILED if tested.status == "failed" else ExitCode.OK

    return with_api(output, answer)
