"""How the commands reach the API: one that is named, one that runs here, or one of our own."""

import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from sterna_cli.client.sterna import Sterna, connect
from sterna_cli.embedded import default_home
from sterna_cli.running_stack import RunningStack
from sterna_cli.stack import Stack
from sterna_core.errors import Misconfigured
from sterna_core.secrets.secret import Secret


class Reached(Struct, frozen=True):
    """The API, and the stack if this process runs it."""

    sterna: Sterna
    stack: Stack | None


@asynccontextmanager
async def reach(
    say: Callable[[str], None],
    *,
    executors: int = 2,
    environ: Mapping[str, str] | None = None,
) -> AsyncGenerator[Reached, None]:
    """Open a client of the API.

    In this order: the API that STERNA_URL names (with STERNA_API_KEY); the stack that runs in
    this home already; a stack started now and stopped at the end. Raises Misconfigured.
    """
    environ = os.environ if environ is None else environ
    if url := environ.get("STERNA_URL"):
        key = environ.get("STERNA_API_KEY")
        if not key:
            raise Misconfigured("STERNA_URL is set: set STERNA_API_KEY to a key of that API too")
        async with connect(url, Secret(key)) as sterna:
            yield Reached(sterna, None)
        return
    home = default_home()
    running = RunningStack.find(home)
    if running is not None:
        async with connect(running.url, Secret(running.key)) as sterna:
            yield Reached(sterna, None)
        return
    async with started(home, say, executors=executors) as reached:
        yield reached


@asynccontextmanager
async def started(
    home: Path, say: Callable[[str], None], *, executors: int, port: int | None = None
) -> AsyncGenerator[Reached, None]:
    """Start a stack in `home`, and stop it at the end."""
    say(f"Starting the embedded stack in {home} …")
    async with (
        Stack(home, executors=executors, port=port) as stack,
        connect(stack.url, stack.key) as sterna,
    ):
        try:
            yield Reached(sterna, stack)
        finally:
            say("Stopping the embedded stack …")
