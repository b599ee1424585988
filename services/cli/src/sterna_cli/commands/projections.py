import asyncio
import os
import sys
from collections.abc import Mapping

from sterna_cli.console.terminal import Terminal
from sterna_cli.embedded import default_home
from sterna_cli.exit_code import ExitCode
from sterna_cli.runner import run
from sterna_cli.running_stack import RunningStack
from sterna_cli.stack import Stack

REBUILD_SECONDS = 3600.0
_OWN_SERVERS = ("STERNA_KAFKA_BOOTSTRAP", "STERNA_DATABASE_URL")


def rebuild() -> ExitCode:
    """Build the projections again from the log, beside those in use, and switch to them.

    Those of the servers that STERNA_KAFKA_BOOTSTRAP and STERNA_DATABASE_URL name, where both are
    set (with the rest of the API's environment); otherwise those of the embedded stack, which is
    started for it if it does not run. Reading goes on meanwhile, and answers are the same after.
    """
    terminal = Terminal()
    return run(terminal, lambda: _rebuild(terminal))


async def _rebuild(terminal: Terminal) -> ExitCode:
    if all(os.environ.get(name) or os.environ.get(f"{name}_FILE") for name in _OWN_SERVERS):
        return await _run(terminal, os.environ)
    running = RunningStack.find(default_home())
    if running is not None:
        return await _run(terminal, running.environment)
    terminal.say("Starting the embedded stack …")
    async with Stack(default_home(), executors=0) as stack:
        return await _run(terminal, stack.environment)


async def _run(terminal: Terminal, environment: Mapping[str, str]) -> ExitCode:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sterna_api", "rebuild-projections"),
        env={"STERNA_LOG_LEVEL": "warning", **environment},
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(REBUILD_SECONDS):
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if code:
        terminal.say("The projections were not rebuilt; those in use are as they were", "red")
        return ExitCode.FAILED
    terminal.say("The projections are rebuilt from the log")
    return ExitCode.OK
