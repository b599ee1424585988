"""Wires an API process: everything it is made of comes together here, by its roles."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog
from aiohttp import web

from sterna_api.aggregates import aggregates_signing_with
from sterna_api.decider.membership import GroupMembership
from sterna_api.decider.ports import DeciderPorts
from sterna_api.decider.service import Decider
from sterna_api.decider.settings import DeciderSettings
from sterna_api.decider.snapshots import PostgresSnapshots
from sterna_api.http.client_address import parse_proxies
from sterna_api.http.health import Check
from sterna_api.http.interface import Interface, InterfaceParts
from sterna_api.http.runner import InterfaceRunner
from sterna_api.messages.channel import Channel
from sterna_api.messages.email import EmailChannel
from sterna_api.messages.messenger import Messenger
from sterna_api.messages.outbox import NoticeOutbox
from sterna_api.messages.slack import SlackChannel
from sterna_api.projections.database import Database
from sterna_api.projections.log_retention import LogRetention
from sterna_api.projections.position_watch import PositionWatch
from sterna_api.projections.positions import ProjectedPositions
from sterna_api.projections.projector import Projector
from sterna_api.projections.schema_steps import apply_schema
from sterna_api.repeats.answers import Answers
from sterna_api.repeats.postgres_answers import open_answers
from sterna_api.repeats.retention import AnswerRetention
from sterna_api.settings import ApiSettings
from sterna_api.streams.hub import Hub
from sterna_api.webhooks.delivery import new_session
from sterna_api.webhooks.disabling import DAY_SECONDS, Disabling
from sterna_api.webhooks.guard import AddressGuard, parse_networks
from sterna_api.webhooks.notifier import Notifier
from sterna_api.webhooks.outbox import Outbox
from sterna_core.api_key.key import Pepper
from sterna_core.artifacts.postgres_artifact_store import PostgresArtifactStore
from sterna_core.certificate.signing import SigningKey
from sterna_core.clock import Clock, system_clock
from sterna_core.errors import Misconfigured, Unreachable
from sterna_core.extractors.bootstrap import open_extractors
from sterna_core.extractors.cache.lazy_vector_cache import LazyVectorCache
from sterna_core.extractors.cache.retention import VectorRetention
from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.journal.client import CommandClient
from sterna_core.journal.codec import Codec
from sterna_core.kafka.log import KafkaLog
from sterna_core.kafka.provisioning import provision_topics
from sterna_core.kafka.sender import KafkaSender
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.notice.commands import NoticeChannel
from sterna_core.postgres.identifiers import quote
from sterna_core.secrets.keyring import Keyring

SNAPSHOT_SCHEMA_SUFFIX = "_decider"
_READY_SECONDS = 2.0
_CANCEL_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class ApiProcess:
    """One API process and its roles.

    It starts in the order in which its parts need each other and stops in the other: first it
    says that it is not ready, then it takes no more requests, ends its streams, finishes what
    was asked for, and closes its pools.
    """

    def __init__(self, settings: ApiSettings, *, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._clock = clock
        key = settings.certificate_key
        self._certificate_key = None if key is None else SigningKey.parse(key)
        self._codec = Codec(aggregates_signing_with(self._certificate_key))
        self._topics = settings.topics()
        self._keyring = Keyring.parse(settings.keyring.reveal())
        self._pepper = Pepper(settings.key_pepper)
        self._guard = AddressGuard(parse_networks(settings.webhook_allowed_networks))
        self._proxies = parse_proxies(settings.http_trusted_proxies)
        self.port: int | None = None
        """The port that requests are taken on, once they are."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set.

        Raises Misconfigured for settings that cannot work, Unreachable where Kafka or the
        database is not there at the start.
        """
        settings, access = self._settings, self._settings.kafka()
        await provision_topics(access, self._topics)
        database = Database(
            settings.database_url,
            schema=settings.database_schema,
            pool_size=settings.database_pool_size,
        )
        async with database.session() as connection:
            await apply_schema(connection, database.schema)
        async with AsyncExitStack() as stack:
            await database.open()
            stack.push_async_callback(database.close)
            log = await stack.enter_async_context(KafkaLog(access))
            sender = await stack.enter_async_context(KafkaSender(access))
            await self._serve(stopping, database, log, sender)
        _log.info("api.stopped")

    async def _serve(
        self, stopping: asyncio.Event, database: Database, log: KafkaLog, sender: KafkaSender
    ) -> None:
        roles = self._settings.roles
        client = CommandClient(log, sender, self._codec, self._topics)
        async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
            # What is entered last is left first.
            if "http" in roles or "notifier" in roles:
                await stack.enter_async_context(_running(group, client.run()))
            if "projector" in roles:
                projector = Projector(database, log, self._topics, self._codec)
                await stack.enter_async_context(_running(group, projector.run()))
                retention = LogRetention(database, self._topics.telemetry_days, self._clock)
                await stack.enter_async_context(_running(group, retention.run()))
            if "decider" in roles:
                await stack.enter_async_context(self._deciding(group, log, sender))
            if "notifier" in roles:
                notifier = self._notifier(database, client)
                await stack.enter_async_context(_running(group, notifier.run()))
                messenger = await self._messenger(stack, database, client)
                await stack.enter_async_context(_running(group, messenger.run()))
            if "http" in roles:
                answers = await stack.enter_async_context(open_answers(database))
                retention_of_answers = AnswerRetention(answers, self._settings.idempotency_hours)
                await stack.enter_async_context(_running(group, retention_of_answers.run()))
                extractors = await stack.enter_async_context(
                    open_extractors(self._settings.extractors())
                )
                await stack.enter_async_context(
                    self._answering(group, database, answers, extractors, log, sender, client)
                )
            _log.info("api.started", roles=list(roles), port=self.port)
            await stopping.wait()
            _log.info("api.stopping")

    @asynccontextmanager
    async def _deciding(
        self, group: asyncio.TaskGroup, log: KafkaLog, sender: KafkaSender
    ) -> AsyncGenerator[None, None]:
        settings = self._settings
        deciding = DeciderSettings(
            group_id=f"{settings.topic_prefix}-deciders",
            instance_id=settings.decider_instance_id,
            session_timeout_seconds=settings.decider_session_seconds,
            snapshot_seconds=settings.decider_snapshot_seconds,
        )
        database = Database(
            settings.database_url,
            schema=settings.database_schema + SNAPSHOT_SCHEMA_SUFFIX,
            pool_size=settings.database_pool_size,
        )
        async with database.session() as connection:
            await connection.execute(f"create schema if not exists {quote(database.schema)}")
        await database.open()
        try:
            snapshots = PostgresSnapshots(database.pool, self._topics.events)
            await snapshots.create_tables()
            ports = DeciderPorts(log, sender, snapshots, self._codec, self._topics, self._clock)
            members = GroupMembership(settings.kafka(), self._topics.commands, deciding)
            decider = Decider(ports, members, deciding)
            task = group.create_task(decider.run())
            try:
                yield
            finally:
                decider.stop()
                await _end(task, within_seconds=settings.shutdown_seconds / 3)
        finally:
            await database.close()

    @asynccontextmanager
    async def _answering(
        self,
        group: asyncio.TaskGroup,
        database: Database,
        answers: Answers,
        extractors: ExtractorRegistry,
        log: KafkaLog,
        sender: KafkaSender,
        client: CommandClient,
    ) -> AsyncGenerator[None, None]:
        settings = self._settings
        namespaces_url = settings.namespace_database_url or settings.database_url
        stores, vectors = StoreDoors(self._keyring, namespaces_url), LazyVectorCache(namespaces_url)
        artifacts = PostgresArtifactStore(namespaces_url)
        hub, positions = Hub(log, self._topics, self._codec), ProjectedPositions()
        interface = Interface(
            InterfaceParts(
                port=client,
                log=log,
                topics=self._topics,
                database=database,
                answers=answers,
                positions=positions,
                hub=hub,
                keyring=self._keyring,
                pepper=self._pepper,
                bootstrap_key=settings.bootstrap_key,
                guard=self._guard,
                clock=self._clock,
                checks={"database": _database_check(database), "journal": _journal_check(client)},
                command_seconds=settings.command_seconds,
                position_seconds=settings.position_seconds,
                allow_http_webhooks=settings.webhook_allow_http,
                message_channels=settings.message_channels(),
                public_url=settings.public_url,
                certificate_public_key=(
                    self._certificate_key.public if self._certificate_key else None
                ),
                sender=sender,
                stores=stores,
                artifacts=artifacts,
                artifact_max_mib=settings.artifact_max_mib,
                extractors=extractors,
                vectors=vectors,
                limits=settings.limits(),
                executions_kept=settings.executions_kept,
                trusted_proxies=self._proxies,
                cors_origins=settings.http_cors_origins,
            )
        )
        runner = InterfaceRunner(
            interface.app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=settings.shutdown_seconds / 3,
        )
        async with (
            _running(group, hub.run()),
            _running(group, PositionWatch(database, positions).run()),
            _running(group, interface.probes.run()),
            _running(group, interface.refusals.run()),
            _running(group, VectorRetention(vectors, settings.vector_cache_days).run()),
        ):
            await runner.setup()
            try:
                self.port = await _listen(runner, settings.http_host, settings.http_port)
                yield
            finally:
                interface.health.stopping = True
                hub.stop()
                await runner.cleanup()
                await stores.close()
                await artifacts.close()
                await vectors.close()

    async def _messenger(
        self, stack: AsyncExitStack, database: Database, client: CommandClient
    ) -> Messenger:
        settings, channels = self._settings, dict[NoticeChannel, Channel]()
        server = settings.smtp()
        if server is not None:
            channels["email"] = EmailChannel(server, self._clock)
        if settings.slack_webhook_url is not None:
            session = await stack.enter_async_context(new_session(self._guard))
            channels["slack"] = SlackChannel(session, settings.slack_webhook_url)
        return Messenger(
            NoticeOutbox(database),
            client,
            channels,
            self._clock,
            delays_seconds=settings.webhook_delays_seconds,
            public_url=settings.public_url,
        )

    def _notifier(self, database: Database, client: CommandClient) -> Notifier:
        return Notifier(
            Outbox(database),
            client,
            self._keyring,
            self._guard,
            self._clock,
            delays_seconds=self._settings.webhook_delays_seconds,
            disabling=Disabling(
                failures=self._settings.webhook_disable_after_failures,
                seconds=self._settings.webhook_disable_after_days * DAY_SECONDS,
            ),
            environment=self._settings.environment,
        )


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    """Take requests; gives the port. Raises Misconfigured where it is taken."""
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError:
        raise Misconfigured(
            f"Requests cannot be taken on {host}:{port}: set STERNA_HTTP_HOST and"
            " STERNA_HTTP_PORT to an address of this machine that is free."
        ) from None
    bound: int = runner.addresses[0][1]
    return bound


@asynccontextmanager
async def _running(
    group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]
) -> AsyncGenerator[None, None]:
    """Run something for as long as the context lasts."""
    task = group.create_task(work)
    try:
        yield
    finally:
        await _end(task, within_seconds=0.0)


async def _end(task: asyncio.Task[None], *, within_seconds: float) -> None:
    """Let a task end by itself for a while, then cancel it and wait for that, within bounds."""
    if within_seconds > 0:
        await asyncio.wait([task], timeout=within_seconds)
    task.cancel()
    await asyncio.wait([task], timeout=_CANCEL_SECONDS)


def _database_check(database: Database) -> Check:
    async def check() -> None:
        await database.count("select 1")

    return check


def _journal_check(client: CommandClient) -> Check:
    async def check() -> None:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await client.ready()
        except TimeoutError:
            raise Unreachable("The journal is not being read yet.") from None

    return check
