import asyncio
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from sterna_cli.console.terminal import Terminal
from sterna_cli.embedded import default_home
from sterna_cli.exit_code import ExitCode
from sterna_cli.reach import started
from sterna_cli.runner import run


def up(
    *,
    executors: Annotated[int, Parameter(validator=Number(gte=0, lte=64))] = 2,
    port: Annotated[int, Parameter(validator=Number(gte=1, lte=65535))] = 8080,
) -> ExitCode:
    """Run the embedded stack in the foreground until Ctrl-C.

    Parameters
    ----------
    executors
        How many executors.
    port
        Where the API listens, on this machine only.

    """
    terminal = Terminal()

    async def work() -> ExitCode:
        async with started(default_home(), terminal.say, executors=executors, port=port) as reached:
            stack = reached.stack
            assert stack is not None
            terminal.say()
            terminal.say(f"API        {stack.url}", "bold")
            terminal.say(f"API key    {stack.key.reveal()}", "bold")
            terminal.say(f"executors  {executors}")
            terminal.say(f"data       {stack.home}")
            terminal.say()
            terminal.say("Press Ctrl-C to stop.")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                terminal.say()
        return ExitCode.OK

    return run(terminal, work)
