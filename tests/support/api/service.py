"""A whole API service in this process, on a log in memory and a real PostgreSQL."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

import aiohttp
import msgspec
from aiohttp import web
from tests.support.api.client import Client
from tests.support.api.executors import ModelExecutors

from sterna_api.aggregates import aggregates_signing_with
from sterna_api.decider.membership import FixedMembership
from sterna_api.decider.ports import DeciderPorts
from sterna_api.decider.service import Decider
from sterna_api.decider.settings import DeciderSettings
from sterna_api.http.client_address import parse_proxies
from sterna_api.http.interface import Interface, InterfaceParts
from sterna_api.http.limits import LimitSettings
from sterna_api.http.runner import InterfaceRunner
from sterna_api.projections.database import Database
from sterna_api.projections.position_watch import PositionWatch
from sterna_api.projections.positions import JournalPosition, ProjectedPositions
from sterna_api.projections.projector import Projector
from sterna_api.projections.rebuild import rebuild
from sterna_api.projections.schema_steps import apply_schema
from sterna_api.repeats.postgres_answers import open_answers
from sterna_api.streams.hub import Hub
from sterna_api.webhooks.guard import AddressGuard, parse_networks
from sterna_core.api_key.commands import CreateApiKey
from sterna_core.api_key.key import Pepper, make_key
from sterna_core.artifacts.postgres_artifact_store import PostgresArtifactStore
from sterna_core.certificate.signing import SigningKey
from sterna_core.extractors.bootstrap import open_extractors
from sterna_core.extractors.cache.lazy_vector_cache import LazyVectorCache
from sterna_core.extractors.registry import Makers
from sterna_core.extractors.settings import ExtractorSettings
from sterna_core.ids import API_KEY, random_id
from sterna_core.journal.client import CommandClient
from sterna_core.journal.codec import Codec
from sterna_core.journal.memory import InMemoryLog
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.snapshot import InMemorySnapshots
from sterna_core.journal.topics import Topics, key_of, partition_for
from sterna_core.namespace_store.doors import StoreDoors
from sterna_core.notice.commands import NoticeChannel
from sterna_core.secrets.keyring import Keyring
from sterna_core.secrets.secret import Secret
from sterna_core.tasks.telemetry import LogLine, Resources

PEPPER = Pepper(Secret("a pepper for the tests"))
FIRST_KEY = make_key(b"a first key for the tests of Stern")
SIGNING_KEY = SigningKey(b"a signing key for tests of Stern")
GENEROUS = LimitSettings(
    key_requests_per_minute=1_000_000,
    organization_requests_per_minute=1_000_000,
    failed_authentications_per_minute=1_000_000,
    streams_per_key=10_000,
)
ARTIFACT_MAX_MIB = 3
_STOP_SECONDS = 10.0


def _now() -> datetime:
    return datetime.now(UTC)


CHECK_SECONDS = 2.0
"""How long a start waits for the look at the source; some tests keep all executors from it."""


class Service:
    """Starts with `async with`; `client()` speaks to it."""

    def __init__(
        self,
        database_url: str,
        *,
        log: InMemoryLog | None = None,
        project: bool = True,
        decide: bool = True,
        execute: bool = True,
        clock: Callable[[], datetime] = _now,
        command_seconds: float = 5.0,
        position_seconds: float = 5.0,
        limits: LimitSettings = GENEROUS,
        proxies: tuple[str, ...] = (),
        cors_origins: tuple[str, ...] = (),
        message_channels: frozenset[NoticeChannel] = frozenset(),
        more_extractors: Makers | None = None,
    ) -> None:
        self._more_extractors = more_extractors or {}
        self._limits, self._proxies, self._cors_origins = limits, proxies, cors_origins
        self.log = log or InMemoryLog()
        self.topics = Topics(partitions=3, task_partitions=2, telemetry_partitions=2)
        self.codec = Codec(aggregates_signing_with(SIGNING_KEY))
        self.database = Database(Secret(database_url), pool_size=5)
        self.positions = ProjectedPositions()
        self.hub = Hub(self.log, self.topics, self.codec)
        self.client_of_journal = CommandClient(self.log, self.log, self.codec, self.topics)
        self.executors = ModelExecutors(self.log, self.topics, self.client_of_journal)
        self.keyring = Keyring.parse(Keyring.generate())
        self.stores = StoreDoors(self.keyring, Secret(database_url))
        self.artifacts = PostgresArtifactStore(Secret(database_url))
        self.vectors = LazyVectorCache(Secret(database_url))
        self.guard = AddressGuard(parse_networks(["127.0.0.0/8"]))
        self.projector = Projector(self.database, self.log, self.topics, self.codec)
        self._project, self._decide, self._execute = project, decide, execute
        self._clock = clock
        self._message_channels = message_channels
        self._seconds = (command_seconds, position_seconds)
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._sessions: list[aiohttp.ClientSession] = []
        self.url = ""
        self.app = web.Application()

    async def __aenter__(self) -> Self:
        started = asyncio.Event()
        self._task = asyncio.create_task(self._run(started))
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not started.is_set():
            waiting.cancel()
            await self._task
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self._sessions:
            await session.close()
        self._stop.set()
        assert self._task is not None
        await asyncio.wait_for(self._task, _STOP_SECONDS)
        await self.stores.close()
        await self.artifacts.close()
        await self.vectors.close()

    def client(self, key: str | None = FIRST_KEY.reveal()) -> Client:
        session = aiohttp.ClientSession()
        self._sessions.append(session)
        return Client(session, self.url, key)

    async def other_client(self, org_id: str) -> Client:
        """The administrator of another organisation."""
        key = make_key()
        command = CreateApiKey(name="other", digest=PEPPER.digest(key.reveal()))
        outcome = await self.client_of_journal.send(
            random_id(API_KEY),
            org_id,
            command,
            command_id=str(uuid4()),
            actor="test",
            now=self._clock(),
            deadline_seconds=5.0,
        )
        position = JournalPosition.parse(outcome.position)
        await self.positions.wait(position.wanted, deadline_seconds=5.0)
        return self.client(key.reveal())

    async def caught_up(self) -> None:
        """Wait until everything is projected that has happened before now."""
        bounds = await self.log.bounds(self.topics.events, range(self.topics.partitions))
        wanted = {("events", partition): each.end for partition, each in bounds.items()}
        await self.positions.wait(wanted, deadline_seconds=5.0)

    async def rebuild(self) -> None:
        """Build the projections anew."""
        await rebuild(self.database, self.log, self.topics, self.codec)

    async def say(self, migration_id: str, *messages: str, org_id: str = "org_default") -> None:
        """Write lines of telemetry, as executors do."""
        key = key_of(org_id, migration_id)
        partition = partition_for(key, self.topics.telemetry_partitions)
        for message in messages:
            line = LogLine(
                org_id=org_id,
                migration_id=migration_id,
                timestamp=self._clock(),
                level="debug",
                message=message,
            )
            record = OutgoingRecord(key, msgspec.json.encode(line), ())
            await self.log.send(self.topics.telemetry, partition, record)

    async def use(self, migration_id: str, executor_id: str, workers: int, cpu: float) -> None:
        """Say what an executor at work uses, as executors do."""
        key = key_of("org_default", migration_id)
        used = Resources(
            org_id="org_default",
            migration_id=migration_id,
            timestamp=self._clock(),
            executor_id=executor_id,
            active_workers=workers,
            cpu_percent=cpu,
            memory_percent=10.0,
            network_percent=None,
        )
        partition = partition_for(key, self.topics.telemetry_partitions)
        record = OutgoingRecord(key, msgspec.json.encode(used), ())
        await self.log.send(self.topics.telemetry, partition, record)

    async def _run(self, started: asyncio.Event) -> None:
        async with AsyncExitStack() as stack:
            async with self.database.session() as connection:
                await apply_schema(connection, self.database.schema)
            await self.database.open()
            stack.push_async_callback(self.database.close)
            self.extractors = await stack.enter_async_context(
                open_extractors(ExtractorSettings(), self._more_extractors)
            )
            self.answers = await stack.enter_async_context(open_answers(self.database))
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(work) for work in self._works()]
                interface = self._interface()
                self.app = interface.app
                works = (interface.probes.run(), interface.refusals.run())
                tasks.extend(group.create_task(work) for work in works)
                runner = InterfaceRunner(interface.app, access_log=None, shutdown_timeout=2.0)
                await runner.setup()
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
                await self.client_of_journal.ready()
                started.set()
                try:
                    await self._stop.wait()
                finally:  # what no part works for any more is not to be answered
                    self.hub.stop()
                    await runner.cleanup()
                for task in tasks:
                    task.cancel()

    def _works(self) -> list[Any]:
        works = [
            self.client_of_journal.run(),
            self.hub.run(),
            PositionWatch(self.database, self.positions).run(),
        ]
        if self._execute:
            works.append(self.executors.run())
        if self._project:
            works.append(self.projector.run())
        if self._decide:
            ports = DeciderPorts(
                self.log, self.log, InMemorySnapshots(), self.codec, self.topics, self._clock
            )
            members = FixedMembership(range(self.topics.partitions))
            works.append(Decider(ports, members, DeciderSettings()).run())
        return works

    def _interface(self) -> Interface:
        command_seconds, position_seconds = self._seconds
        return Interface(
            InterfaceParts(
                port=self.client_of_journal,
                log=self.log,
                topics=self.topics,
                database=self.database,
                answers=self.answers,
                positions=self.positions,
                hub=self.hub,
                keyring=self.keyring,
                pepper=PEPPER,
                bootstrap_key=FIRST_KEY,
                guard=self.guard,
                clock=self._clock,
                checks={},
                command_seconds=command_seconds,
                position_seconds=position_seconds,
                check_seconds=CHECK_SECONDS,
                allow_http_webhooks=True,
                message_channels=self._message_channels,
                certificate_public_key=SIGNING_KEY.public,
                sender=self.log,
                stores=self.stores,
                artifacts=self.artifacts,
                artifact_max_mib=ARTIFACT_MAX_MIB,
                extractors=self.extractors,
                vectors=self.vectors,
                limits=self._limits,
                trusted_proxies=parse_proxies(self._proxies),
                cors_origins=self._cors_origins,
            )
        )
