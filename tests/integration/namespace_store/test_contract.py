"""Every store keeps every promise of the contract."""

import pytest

from sterna_core.namespace_store.contract.suite import CONTRACT, Promise
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.namespace_store.postgres.store import PostgresNamespaceStore
from sterna_core.namespace_store.qdrant.store import QdrantNamespaceStore


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
async def test_a_store_in_memory_keeps_the_contract(promise: Promise):
    await promise(MemoryNamespaceStore())


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
async def test_pgvector_keeps_the_contract(promise: Promise, pgvector: PostgresNamespaceStore):
    await promise(pgvector)


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
async def test_qdrant_keeps_the_contract(promise: Promise, qdrant: QdrantNamespaceStore):
    await promise(qdrant)
