"""Every store of artifacts keeps every promise of the contract."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import asyncpg
import pytest

from sterna_core.artifacts.address import (
    ArtifactAddress,
    is_artifact_name,
    parse_artifact_address,
)
from sterna_core.artifacts.contract import CONTRACT, Promise
from sterna_core.artifacts.memory import MemoryArtifactStore
from sterna_core.artifacts.postgres_artifact_store import PostgresArtifactStore
from sterna_core.errors import Misconfigured
from sterna_core.secrets.secret import Secret

ADDRESS = ArtifactAddress("ns_1", "clu_1", "members.parquet")


@pytest.fixture
async def postgres(target_database: str) -> AsyncIterator[PostgresArtifactStore]:
    store = PostgresArtifactStore(Secret(target_database))
    yield store
    await store.close()


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
async def test_a_store_in_memory_keeps_the_contract(promise: Promise):
    await promise(MemoryArtifactStore())


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
async def test_postgresql_keeps_the_contract(promise: Promise, postgres: PostgresArtifactStore):
    await promise(postgres)


async def test_of_two_writers_at_once_one_file_is_left_whole_and_nothing_of_the_other(
    postgres: PostgresArtifactStore, target_database: str
):
    async def content(word: bytes) -> AsyncGenerator[bytes]:
        for _ in range(5):
            yield word * 300_000
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for word in (b"a", b"b", b"c"):
            group.create_task(postgres.put(ADDRESS, content(word)))
    whole = b"".join([piece async for piece in postgres.read(ADDRESS)])
    assert len(whole) == 1_500_000
    assert len(set(whole)) == 1
    connection = await asyncpg.connect(target_database)
    try:
        left = "select count(*), min(artifact_id) from sterna_artifacts."
        assert await connection.fetchval(f"{left}artifacts") == 1
        assert await connection.fetchval(f"{left}pieces") == 2
    finally:
        await connection.close()


async def test_without_a_database_it_is_said_which_setting_is_missing():
    with pytest.raises(Misconfigured, match="STERNA_NAMESPACE_DATABASE_URL"):
        await PostgresArtifactStore(None).kept("ns_1")


def test_an_address_is_read_as_it_is_written_and_nothing_else_is_one():
    assert parse_artifact_address(str(ADDRESS)) == ADDRESS
    for text in ("s3://bucket/members.parquet", "members.parquet", f"{ADDRESS}/x", f"{ADDRESS}\n"):
        assert parse_artifact_address(text) is None
    assert is_artifact_name("members.parquet")
    assert not is_artifact_name("../members.parquet")
    assert not is_artifact_name("members.csv")
