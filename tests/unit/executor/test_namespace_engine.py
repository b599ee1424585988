"""Which stores the tasks of a namespace migration need."""

from datetime import UTC, datetime

from msgspec import Struct

from sterna_core.connection.endpoint import Endpoint
from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.extractors.resources import ExtractorResources
from sterna_core.extractors.thread_pool import ThreadPool
from sterna_core.namespace.store_place import StorePlace
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.place import Place
from sterna_core.namespace_migration.reports import ReportStepDone
from sterna_core.namespace_store.door import Door
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.namespace_store.memory import MemoryNamespaceStore
from sterna_core.retriever.embedding import InstalledEmbedders
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret
from sterna_core.tasks import namespace_work as wk
from sterna_executor.clusters.door import Clusters
from sterna_executor.clusters.limits import ClusterLimits
from sterna_executor.namespaces.book import MemoryNamespaceBook
from sterna_executor.namespaces.engine import NamespaceEngine
from sterna_executor.tasks.claims import MemoryClaims


async def test_a_target_is_shut_though_the_store_of_its_source_is_away() -> None:
    keyring = Keyring({"k1": bytes(32)})
    there = Endpoint(
        connection_id="conn_1",
        org_id="org_1",
        host="there",
        database="",
        username="",
        sealed_password=keyring.seal(Secret(""), context="org_1/conn_1"),
    )
    store = MemoryNamespaceStore()
    space = await store.create("ns_2", ())

    async def close() -> None:
        pass

    async def open_there(endpoint: Endpoint, password: Secret) -> Door:
        assert (endpoint, password.reveal()) == (there, "")
        return Door(store, close)

    stores = StoreDoors(keyring, None, open_qdrant=open_there)
    engine = NamespaceEngine(
        stores,
        MemoryNamespaceBook(),
        MemoryClaims(),
        InstalledEmbedders(ExtractorRegistry({}, ExtractorResources(ThreadPool(1)))),
        Clusters(None, ClusterLimits()),
        "exe_1",
    )
    reports: list[Struct] = []

    async def report(message: Struct) -> None:
        reports.append(message)

    shutting = wk.NamespaceTask(
        task_id="tsk_1",
        attempt=1,
        migration_id="nmig_1",
        org_id="org_1",
        epoch=7,
        source=Place(namespace_id="ns_1"),  # in a store that this executor has no way to
        target=Place(namespace_id="ns_2", store=StorePlace(type="qdrant", endpoint=there)),
        config=MigrationConfig(migration_type="copy", source_namespace_id="ns_1"),
        work=wk.FenceTarget(),
        dispatched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    await engine.carry_out(shutting, report)
    await engine.close()
    assert [type(each) for each in reports] == [ReportStepDone]
    assert await space.receipts.raise_epoch(1) == 7
