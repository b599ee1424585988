from collections.abc import AsyncIterator

import pytest

from support.plan.sides import Sides, sides_of


@pytest.fixture
async def sides(source_database: str, target_database: str) -> AsyncIterator[Sides]:
    """Two fresh empty databases, and ways to enter them."""
    async with sides_of(source_database, target_database) as both:
        yield both
