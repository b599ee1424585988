"""Runs a tool to its end and takes its time."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

TOOL_SECONDS = 1800.0
_SHOWN_CHARACTERS = 2000


class ToolFailed(Exception):
    """A tool ended with an error; the text is the end of what it printed."""


async def timed(
    argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> float:
    """Run a program and give the seconds it took; raises ToolFailed."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | dict(env or {}),
        cwd=cwd,
    )
    try:
        async with asyncio.timeout(TOOL_SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ToolFailed(output.decode(errors="replace")[-_SHOWN_CHARACTERS:])
    return time.monotonic() - began
