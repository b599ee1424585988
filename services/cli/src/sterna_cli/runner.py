import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from sterna_cli.console.terminal import Terminal
from sterna_cli.exit_code import ExitCode
from sterna_core.errors import SternaError
from sterna_core.logs import configure_logs


def run(terminal: Terminal, work: Callable[[], Coroutine[Any, Any, ExitCode]]) -> ExitCode:
    """Run a command to its end, and tell what went wrong in one line.

    SIGTERM and Ctrl-C end the work in order: what it started is stopped first.
    """
    configure_logs(level="error")
    try:
        return asyncio.run(_stoppable(work))
    except SternaError as error:
        return _failed(terminal, error)
    except BaseExceptionGroup as group:
        found = _first(group)
        if found is None:
            raise
        return _failed(terminal, found)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return ExitCode.INTERRUPTED


async def _stoppable(work: Callable[[], Coroutine[Any, Any, ExitCode]]) -> ExitCode:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await work()


def _failed(terminal: Terminal, error: SternaError) -> ExitCode:
    if terminal.is_json:
        told = {"code": error.code, "message": error.message, "details": error.details}
        terminal.document({"error": told})
    for line in failure_lines(error):
        terminal.say(line, "red")
    return ExitCode.of(error)


def failure_lines(error: SternaError) -> list[str]:
    """Say what went wrong; several problems at once have a line each."""
    problems = error.details.get("problems")
    if not isinstance(problems, list) or len(problems) <= 1:
        return [f"sterna: {error.message} [{error.code}]"]
    return [
        f"sterna: {len(problems)} problems stand in the way [{error.code}]",
        *(f"  - {problem}" for problem in problems),
    ]


def _first(group: BaseExceptionGroup[BaseException]) -> SternaError | None:
    """Find the error that a group of tasks ended with."""
    for error in group.exceptions:
        if isinstance(error, SternaError):
            return error
        if isinstance(error, BaseExceptionGroup) and (inner := _first(error)) is not None:
            return inner
    return None
