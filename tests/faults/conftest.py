"""A stack of its own for the fault trials, whose parts are killed and start again."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from sterna_cli.stack import Stack
from support.faults import pgbench

SCALE = 10


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    home = Path("/var/tmp") / f"sterna-faults-{uuid4().hex[:8]}"
    async with Stack(home, executors=2) as running:
        yield running


@pytest.fixture(scope="session")
async def source(stack: Stack) -> str:
    url = await stack.embedded.postgres.create_database("trial_source")
    await pgbench.make_tables(url, SCALE)
    return url


@pytest.fixture
async def target(stack: Stack) -> AsyncIterator[str]:
    name = f"trial_{uuid4().hex[:12]}"
    yield await stack.embedded.postgres.create_database(name)
    await stack.embedded.postgres.drop_database(name)
