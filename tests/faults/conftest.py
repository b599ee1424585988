"""A stack of its own for the fault trials, whose parts are killed and start again."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from sterna_cli.stack import Stack
from support.faults import pgbench
from support.main_job import whole_stack

SCALE = 10


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    async with whole_stack() as running:
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
