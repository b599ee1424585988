"""A whole stack for the tests of the main job: servers, the API and two executors."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from sterna_cli.embedded.supervisor import Restarts
from sterna_cli.stack import Stack


@asynccontextmanager
async def whole_stack(
    executors: int = 2, restarts: Restarts | None = None
) -> AsyncGenerator[Stack]:
    """Run a stack in a folder of its own, where an unprivileged PostgreSQL can live."""
    home = Path("/var/tmp") / f"sterna-tests-{uuid4().hex[:10]}"
    try:
        async with Stack(home, executors=executors, restarts=restarts) as running:
            yield running
    finally:
        shutil.rmtree(home, ignore_errors=True)
