"""Namespaces copied from one store into another, over REST and by a real executor."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from qdrant_client import AsyncQdrantClient
from tests.servers import PostgresTestServer
from tests.support.api.service import Service
from tests.support.namespace_migration.engine_host import EngineHost
from tests.support.namespace_migration.scene import ALL, WORDS, Scene

from sterna_core.connection.endpoint import Endpoint
from sterna_core.namespace_store.door import Door
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.namespace_store.qdrant.session import open_client
from sterna_core.namespace_store.qdrant.store import QdrantNamespaceStore
from sterna_core.secrets.secret import Secret

DOCUMENTS = 37
WORDLLAMA = "sterna://wordllama@v1/embedding"
FULL_REQUEST = 200
"""Points of a request that is followed by another one of the same page."""


class Line:
    """The way to a Qdrant; it breaks once, behind as many full requests as `holds` says."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client
        self.holds: int | None = None
        self.breaks = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def upsert(self, collection: str, points: list[Any], **named: Any) -> Any:
        if self.holds is not None and len(points) == FULL_REQUEST:
            self.holds -= 1
            if self.holds < 0:
                self.holds, self.breaks = None, self.breaks + 1
                raise ConnectionResetError
        return await self._client.upsert(collection, points, **named)


@pytest.fixture(scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> Line:
    return Line(open_client(path=str(tmp_path_factory.mktemp("qdrant"))))


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer, line: Line) -> AsyncIterator[Service]:
    """A service whose Qdrant is one folder: its local mode is for one process, which this is."""
    url = await postgres_server.create_database()

    async def open_qdrant(endpoint: Endpoint, password: Secret) -> Door:
        del endpoint, password
        client: Any = line
        return Door(QdrantNamespaceStore(client, local=True), client.close)

    running = Service(url, execute=False)
    running.stores = StoreDoors(running.keyring, Secret(url), open_qdrant=open_qdrant)
    async with running:
        yield running


@asynccontextmanager
async def executing(service: Service, *, twice: bool = False) -> AsyncGenerator[None]:
    running = asyncio.create_task(EngineHost(service, twice=twice).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def connection_to(service: Service, kind: str, url: str) -> dict[str, Any]:
    """Make a connection; give the store that it leads to."""
    where = urlsplit(url)
    made = await service.client().post(
        "/v1/connections",
        {
            "name": f"store {where.path}",
            "type": kind,
            "role": "both",
            "config": {
                "host": where.hostname,
                "port": where.port,
                "database": where.path[1:] or "none",
                "username": where.username or "nobody",
                "password": where.password or "",
            },
        },
    )
    assert made.status == 201, made.text
    return {"type": kind, "connection_id": made.json["id"]}


@pytest.fixture
async def elsewhere(service: Service, postgres_server: PostgresTestServer) -> dict[str, Any]:
    """Another PostgreSQL."""
    return await connection_to(service, "pgvector", await postgres_server.create_database())


@pytest.fixture
async def qdrant(service: Service) -> dict[str, Any]:
    return await connection_to(service, "qdrant", "http://127.0.0.1:6333")


@pytest.mark.parametrize("twice", [False, True])
async def test_a_namespace_goes_into_a_qdrant_and_back_with_every_bit_of_it(
    service: Service, qdrant: dict[str, Any], elsewhere: dict[str, Any], twice: bool
) -> None:
    scene = Scene(service.client())
    source = await scene.filled(DOCUMENTS)
    inside = await scene.namespace(store=qdrant)
    back = await scene.namespace(store=elsewhere)
    async with executing(service, twice=twice):
        for before, after in ((source, inside), (inside, back)):
            done = await scene.ended(
                await scene.started(before, target_namespace_id=after, preserve_resource_ids=True)
            )
            assert done["status"] == "completed", done["error_message"]
            assert done["additional_data"]["target_namespace_id"] == after
            assert done["additional_data"]["documents_moved"] == DOCUMENTS + 1
            indexed = done["additional_data"]["figures"][WORDS]["indexed"]
            assert bool(indexed) is (after == back), "Qdrant's local mode has no indexes"
            await service.caught_up()
    expected = await scene.documents(source)
    assert len(expected) == DOCUMENTS
    assert await scene.documents(inside) == expected
    assert await scene.documents(back) == expected


async def test_some_of_a_qdrant_by_their_dates_are_extracted_anew_into_a_postgresql(
    service: Service, qdrant: dict[str, Any], elsewhere: dict[str, Any]
) -> None:
    scene = Scene(service.client())
    source = await scene.namespace(
        store=qdrant, feature_extractors=[{"feature_extractor_name": "hashing"}]
    )
    await scene.put(source, {"buckets/bkt_1": {}, "collections/col_1": {}})
    lines = [
        {
            "document_id": f"doc_{number}",
            "collection_id": "col_1",
            "payload": {
                "number": number,
                "text": f"a kettle that holds {number} cups of water",
                "made": {"at": f"20{number:02}-06-01"},
            },
        }
        for number in range(10, 10 + DOCUMENTS)
    ]
    await scene.upload(f"/v1/namespaces/{source}/documents", lines)
    by = [{"feature_extractor_name": "wordllama"}]
    target = await scene.namespace(store=elsewhere, feature_extractors=by)
    dates = {"after": "2015-01-01", "before": "2030-01-01", "field": "made.at"}
    async with executing(service):
        done = await scene.ended(
            await scene.started(
                source,
                migration_type="re_extract",
                feature_extractors=by,
                target_namespace_id=target,
                filters={"date_range": dates},
                preserve_resource_ids=True,
            )
        )
    assert done["status"] == "completed", done["error_message"]
    found = await scene.documents(target)
    assert set(found) == {str(number) for number in range(15, 30)}
    assert all(set(each["vectors"]) == {WORDLLAMA} for each in found.values())
    assert done["additional_data"]["collections"]["col_1"]["left_out"] == DOCUMENTS - 15


@pytest.mark.parametrize("holds", [0, 1])
async def test_a_page_that_breaks_off_on_its_way_into_a_qdrant_is_written_again(
    service: Service, qdrant: dict[str, Any], line: Line, holds: int
) -> None:
    scene = Scene(service.client())
    documents = 2 * FULL_REQUEST + 50
    source = await scene.filled(documents)
    target = await scene.namespace(store=qdrant)
    migration_id = await scene.created(
        source,
        target_namespace_id=target,
        preserve_resource_ids=True,
        batch_options={"batch_size": documents, "max_workers": 1},
        filters={"collection_ids": ["col_1"], "auto_include_dependencies": True},
    )
    await scene.client.post(f"{ALL}/{migration_id}/start", {"force": True})
    breaks, line.holds = line.breaks, holds
    async with executing(service):
        done = await scene.ended(migration_id)
    assert line.breaks == breaks + 1
    assert done["status"] == "completed", done["error_message"]
    assert done["additional_data"]["documents_moved"] == documents + 1
    await service.caught_up()
    assert await scene.documents(target) == await scene.documents(source)


async def test_a_namespace_is_the_target_of_one_migration(
    service: Service, elsewhere: dict[str, Any]
) -> None:
    scene = Scene(service.client())
    target = await scene.namespace(store=elsewhere)
    second = await scene.created(await scene.filled(3), target_namespace_id=target)
    first = await scene.started(await scene.filled(3), target_namespace_id=target)
    for _ in range(2):  # while the first is at work, and for ever after it
        refused = await scene.client.post(f"{ALL}/{second}/start", {"force": True})
        assert (refused.status, refused.json["error"]["code"]) == (400, "validation_failed")
        await service.caught_up()
        found = (await scene.client.get(f"{ALL}/{second}")).json["validation_result"]
        assert [each["type"] for each in found["errors"]] == ["target_in_use"]
        async with executing(service):
            assert (await scene.ended(first))["status"] == "completed"


async def test_a_target_that_was_there_is_left_to_its_owner_by_a_cancellation(
    service: Service, elsewhere: dict[str, Any]
) -> None:
    scene = Scene(service.client())
    target, source = await scene.namespace(store=elsewhere), await scene.filled(DOCUMENTS)
    one = f"{ALL}/{await scene.started(source, target_namespace_id=target)}"
    async with executing(service):
        await scene.client.until(
            one, lambda body: body["progress"]["current_stage"] not in {None, "namespace_setup"}
        )
        assert (await scene.client.post(f"{one}/cancel")).status == 200
        await scene.client.until(one, lambda body: "phase" not in body["additional_data"])
    assert (await scene.client.get(f"/v1/namespaces/{target}")).status == 200
    assert (await scene.client.delete(f"/v1/namespaces/{target}")).status == 200
    assert len(await scene.documents(source)) == DOCUMENTS


async def test_a_migration_that_never_began_leaves_its_target_free_for_another(
    service: Service, elsewhere: dict[str, Any]
) -> None:
    scene = Scene(service.client())
    target, source = await scene.namespace(store=elsewhere), await scene.filled(3)
    one = f"{ALL}/{await scene.started(source, target_namespace_id=target)}"
    assert (await scene.client.post(f"{one}/cancel")).status == 200
    async with executing(service):
        await scene.client.until(one, lambda body: "phase" not in body["additional_data"])
        again = await scene.started(source, target_namespace_id=target)
        assert (await scene.ended(again))["status"] == "completed"


async def test_an_adopted_table_is_copied_and_never_a_target(
    service: Service, postgres_server: PostgresTestServer
) -> None:
    scene = Scene(service.client())
    url = await postgres_server.create_database()
    connection = await asyncpg.connect(url)
    await connection.execute(
        "create extension vector; create table goods (id bigint primary key, number int,"
        " v vector(3)); insert into goods select n, n, array[1, n, 2]::vector"
        " from generate_series(1, 25) as n"
    )
    await connection.close()
    source = await scene.namespace(
        store=await connection_to(service, "pgvector", url),
        adopt={"source": "public.goods", "columns": {WORDS: "v"}},
    )
    await scene.put(source, {"collections/adopted": {}})
    refused = await scene.client.post(
        f"{ALL}/validate",
        {
            "config": {
                "migration_type": "copy",
                "source_namespace_id": await scene.namespace(),
                "target_namespace_id": source,
            }
        },
    )
    errors = refused.json["validation_result"]["errors"]
    assert [each["type"] for each in errors] == ["adopted_space"]
    target = await scene.namespace()
    async with executing(service):
        done = await scene.ended(
            await scene.started(source, target_namespace_id=target, preserve_resource_ids=True)
        )
    assert done["status"] == "completed", done["error_message"]
    await service.caught_up()
    assert await scene.documents(target) == await scene.documents(source)
    assert len(await scene.documents(target)) == 25
