"""`sterna` as a person runs it: in processes of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from sterna_cli.embedded.free_port import free_port
from sterna_cli.temporary_home import temporary_home

READY_SECONDS = 90
STOP_SECONDS = 45
COMMAND_SECONDS = 120


class Up(Struct):
    """A `sterna up` that runs in the foreground of a process of its own."""

    home: Path
    process: asyncio.subprocess.Process
    printed: str

    def said(self, what: str) -> str:
        """Give the rest of the line that begins with `what`."""
        lines = self.printed.splitlines()
        return next(line.removeprefix(what).strip() for line in lines if line.startswith(what))


class Done(Struct):
    """What a command did."""

    code: int
    output: str
    remarks: str


@asynccontextmanager
async def running(executors: int) -> AsyncGenerator[Up, None]:
    """Run a stack in a home of its own."""
    async with temporary_home("test") as home:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sterna_cli", "up", "--executors", str(executors)),
            *("--port", str(free_port())),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=environment(home),
        )
        assert process.stdout is not None
        try:
            printed = ""
            async with asyncio.timeout(READY_SECONDS):
                while "Ctrl-C" not in printed:
                    line = await process.stdout.readline()
                    assert line, printed
                    printed += line.decode()
            yield Up(home, process, printed)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()


async def begin(home: Path, *arguments: str, **variables: str) -> asyncio.subprocess.Process:
    """Start a command."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sterna_cli", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(home) | variables,
    )


async def end(process: asyncio.subprocess.Process) -> Done:
    """Wait until a command has ended."""
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            output, remarks = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Done(process.returncode, output.decode(), remarks.decode())


async def sterna(home: Path, *arguments: str, **variables: str) -> Done:
    """Run a command to its end."""
    return await end(await begin(home, *arguments, **variables))


def environment(home: Path) -> dict[str, str]:
    """Give an environment in which nothing of Sterna is set but the home."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("STERNA_") or "CACHE" in k}
    return kept | {"STERNA_HOME": str(home)}
