from collections.abc import Awaitable, Callable
from typing import Any

from sterna_cli.console.terminal import Format, Terminal
from sterna_cli.exit_code import ExitCode
from sterna_cli.reach import Reached, reach
from sterna_cli.runner import run

Answer = Callable[[Terminal, Reached], Awaitable[ExitCode]]


def with_api(output: Format, answer: Answer) -> ExitCode:
    """Reach the API, let `answer` ask it and print, and give the exit code."""
    terminal = Terminal(output)

    async def work() -> ExitCode:
        async with reach(lambda text: terminal.say(text, "dim")) as reached:
            return await answer(terminal, reached)

    return run(terminal, work)


def shown(terminal: Terminal, value: Any, text: str) -> ExitCode:
    """Print an answer as JSON, or as a line."""
    if terminal.is_json:
        terminal.document(value)
    else:
        terminal.say(text)
    return ExitCode.OK
