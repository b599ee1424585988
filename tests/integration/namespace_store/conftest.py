from collections.abc import AsyncIterator

import pytest

from sterna_core.namespace_store.postgres.sessions import open_pool
from sterna_core.namespace_store.postgres.store import PostgresNamespaceStore


@pytest.fixture
async def pgvector(target_database: str) -> AsyncIterator[PostgresNamespaceStore]:
    pool = await open_pool(4, dsn=target_database)
    yield PostgresNamespaceStore(pool)
    await pool.close()
