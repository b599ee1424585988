from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from sterna_core.namespace_store.postgres.sessions import open_pool
from sterna_core.namespace_store.postgres.store import PostgresNamespaceStore
from sterna_core.namespace_store.qdrant.session import open_client
from sterna_core.namespace_store.qdrant.store import QdrantNamespaceStore


@pytest.fixture
async def impatient_indexes(target_database: str) -> None:
    """Let indexes of vectors be taken, and give up after a few tuples, in all sessions."""
    connection = await asyncpg.connect(target_database)
    name = await connection.fetchval("select quote_ident(current_database())")
    for setting, value in {"hnsw.max_scan_tuples": "20", "enable_sort": "off"}.items():
        await connection.execute(f"alter database {name} set {setting} = {value}")
    await connection.close()


@pytest.fixture
async def pgvector(target_database: str) -> AsyncIterator[PostgresNamespaceStore]:
    pool = await open_pool(4, dsn=target_database)
    yield PostgresNamespaceStore(pool)
    await pool.close()


@pytest.fixture
async def qdrant(tmp_path: Path) -> AsyncIterator[QdrantNamespaceStore]:
    client = open_client(path=str(tmp_path / "qdrant"))
    yield QdrantNamespaceStore(client, local=True)
    await client.close()
