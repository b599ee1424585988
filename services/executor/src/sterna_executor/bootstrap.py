"""Wires an executor: everything it is made of comes together here."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog

from sterna_core.artifacts.postgres_artifact_store import PostgresArtifactStore
from sterna_core.clock import Clock, system_clock
from sterna_core.errors import Transient
from sterna_core.extractors.bootstrap import open_extractors
from sterna_core.extractors.cache.lazy_vector_cache import LazyVectorCache
from sterna_core.journal.topics import Topics
from sterna_core.kafka.access import KafkaAccess
from sterna_core.kafka.log import KafkaLog
from sterna_core.kafka.provisioning import provision_topics
from sterna_core.kafka.sender import KafkaSender
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.retriever.embedding import InstalledEmbedders
from sterna_core.secrets.keyring import Keyring
from sterna_executor.clusters.door import Clusters
from sterna_executor.clusters.limits import ClusterLimits
from sterna_executor.databases.postgresql.engine import MEBIBYTE, EngineOptions, PostgresqlEngine
from sterna_executor.namespaces.book import BusNamespaceBook
from sterna_executor.namespaces.engine import NamespaceEngine
from sterna_executor.settings import ExecutorSettings
from sterna_executor.tasks.claims import BusClaims
from sterna_executor.tasks.consumer import TaskConsumer
from sterna_executor.tasks.engines import Engines
from sterna_executor.tasks.figures import Telemetry
from sterna_executor.tasks.reporter import BusReporter
from sterna_executor.tasks.resources import ResourceTeller
from sterna_executor.tasks.runner import Runner
from sterna_executor.tasks.usage import UsageMeter
from sterna_executor.tasks.withdrawals import Withdrawals

RESTART_SECONDS = 1.0

_log = structlog.get_logger(__name__)


async def run_executor(
    settings: ExecutorSettings, stopping: asyncio.Event, *, clock: Clock = system_clock
) -> None:
    """Run an executor until `stopping` is set; then drain, commit and close.

    Raises Misconfigured for settings that cannot work, Unreachable where Kafka is not there.
    """
    executor_id = settings.identity()
    access, topics = _access(settings, executor_id), _topics(settings)
    keyring = Keyring.parse(settings.keyring.reveal())
    await provision_topics(access, topics)
    async with (
        KafkaLog(access) as log,
        KafkaSender(access) as sender,
        _embedders(settings) as embedders,
        _artifacts(settings) as artifacts,
    ):
        telemetry = Telemetry(
            sender,
            topics,
            executor_id,
            clock,
            interval_seconds=settings.executor_figures_seconds,
        )
        claims = BusClaims(log, sender, topics, executor_id, clock)
        options = _engine_options(settings, executor_id)
        engine = Engines(
            PostgresqlEngine(options, keyring, telemetry, claims),
            NamespaceEngine(
                StoreDoors(keyring, settings.namespace_database_url),
                BusNamespaceBook(log, sender, topics, executor_id, clock),
                claims,
                embedders,
                Clusters(artifacts, ClusterLimits(settings.executor_cluster_mib)),
                executor_id,
            ),
        )
        runner = Runner(
            engine,
            BusReporter(sender, topics, executor_id, clock),
            executor_id,
            max_concurrency=settings.executor_max_concurrency,
            max_snapshots=settings.executor_max_snapshots,
        )
        consumer = TaskConsumer(
            access,
            topics,
            runner,
            sender,
            group=settings.executor_group,
            executor_id=settings.executor_id,
            session_seconds=settings.executor_session_seconds,
            drain_seconds=settings.executor_shutdown_seconds,
        )
        withdrawals = Withdrawals(log, topics, runner)
        resources = ResourceTeller(
            telemetry,
            runner,
            UsageMeter(),
            executor_id,
            clock,
            interval_seconds=settings.executor_figures_seconds,
        )
        async with asyncio.TaskGroup() as group:
            background = [
                group.create_task(_again_and_again("withdrawals", withdrawals.run)),
                group.create_task(telemetry.run()),
                group.create_task(resources.run()),
            ]
            _log.info("executor.started", executor_id=executor_id)
            await consumer.run(stopping)
            for each in background:
                each.cancel()
        await engine.close()
    _log.info("executor.stopped", executor_id=executor_id)


async def _again_and_again(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Begin again what a bus that was away has ended."""
    while True:
        try:
            await run()
        except Transient as error:
            _log.warning("follower.restarted", name=name, code=error.code)
            await asyncio.sleep(RESTART_SECONDS)


@asynccontextmanager
async def _embedders(settings: ExecutorSettings) -> AsyncGenerator[InstalledEmbedders]:
    """Open what embeds texts, with the vectors kept beside the namespaces where there is a url."""
    async with AsyncExitStack() as stack:
        registry = await stack.enter_async_context(open_extractors(settings.extractors()))
        if settings.namespace_database_url is None:
            yield InstalledEmbedders(registry)
            return
        vectors = LazyVectorCache(settings.namespace_database_url)
        stack.push_async_callback(vectors.close)
        yield InstalledEmbedders(registry, vectors)


@asynccontextmanager
async def _artifacts(settings: ExecutorSettings) -> AsyncGenerator[PostgresArtifactStore | None]:
    """Open where files of clusters are kept, if there is a place."""
    if settings.namespace_database_url is None:
        yield None
        return
    artifacts = PostgresArtifactStore(settings.namespace_database_url)
    try:
        yield artifacts
    finally:
        await artifacts.close()


def _engine_options(settings: ExecutorSettings, executor_id: str) -> EngineOptions:
    return EngineOptions(
        executor_id=executor_id,
        connections_per_host=settings.executor_connections_per_host,
        maintenance_bytes=settings.maintenance_work_mem_mib * MEBIBYTE,
        pg_bin_dir=Path(settings.pg_bin_dir) if settings.pg_bin_dir else None,
    )


def _access(settings: ExecutorSettings, executor_id: str) -> KafkaAccess:
    return KafkaAccess(
        bootstrap=settings.kafka_bootstrap,
        client_id=f"sterna-executor-{executor_id}",
        security_protocol=settings.kafka_security_protocol,
        sasl_mechanism=settings.kafka_sasl_mechanism,
        sasl_username=settings.kafka_sasl_username,
        sasl_password=settings.kafka_sasl_password,
        tls_ca_file=settings.kafka_tls_ca_file,
    )


def _topics(settings: ExecutorSettings) -> Topics:
    return Topics(
        prefix=settings.topic_prefix,
        partitions=settings.partitions,
        task_partitions=settings.task_partitions,
        replication=settings.topic_replication,
    )
