from collections.abc import AsyncIterator

import pytest

from support.transfer.moving import Moving


@pytest.fixture
async def moving(source_database: str, target_database: str) -> AsyncIterator[Moving]:
    async with Moving(source_database, target_database).begun() as begun:
        yield begun
