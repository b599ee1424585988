"""Labels in a store without transactions: the same as in every other."""

from pathlib import Path

import pytest
from tests.support.namespace_migration.labelling import World, resources

from sterna_core.errors import Transient
from sterna_core.namespace_store.qdrant.session import open_client
from sterna_core.namespace_store.qdrant.store import QdrantNamespaceStore


@pytest.mark.parametrize("death", [None, (1, "amid"), (2, "before"), (3, "behind")])
async def test_a_qdrant_gets_the_labels_that_memory_gets_whoever_dies_amid_them(
    tmp_path: Path, death: tuple[int, str] | None
) -> None:
    client = open_client(path=str(tmp_path))
    try:
        there = await World(resources()).fill(QdrantNamespaceStore(client, local=True))
        if death is not None:
            with pytest.raises(Transient):
                await there.label(broken=death)
        here = await World(resources()).fill()
        assert await there.label() == await here.label()
        assert await there.documents() == await here.documents()
    finally:
        await client.close()
