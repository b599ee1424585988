import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import structlog

from sterna_api.http.command_desk import CommandPort
from sterna_api.http.connection_catalog import CatalogBody, CatalogQuery, read_catalog
from sterna_api.http.connection_probe import probe
from sterna_api.http.database_visit import VisitFailed
from sterna_api.http.qdrant_probe import probe_qdrant
from sterna_core.clock import Clock
from sterna_core.connection.commands import RecordProbe
from sterna_core.connection.probe import ProbeResult
from sterna_core.connection.view import ConnectionView
from sterna_core.errors import SternaError, Transient
from sterna_core.secrets.keyring import Keyring

WORKERS = 4
VISITS_MAX = 16
"""Databases that this process looks at, at once."""
WAITING_MAX = 256
_DEADLINE_SECONDS = 10.0
_TURN_SECONDS = 5.0
_ACTOR = "probe"
_log = structlog.get_logger()


class ProbeDesk:
    """Tries connections and records what was found; new ones are tried in the background."""

    def __init__(self, port: CommandPort, keyring: Keyring, clock: Clock) -> None:
        self._port = port
        self._keyring = keyring
        self._clock = clock
        self._visits = asyncio.Semaphore(VISITS_MAX)
        self._wishes: asyncio.Queue[ConnectionView] = asyncio.Queue(WAITING_MAX)

    async def run(self) -> None:
        """Try the connections that were handed in, for ever."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())

    def try_soon(self, view: ConnectionView) -> None:
        """Hand in a connection; where too many wait, it is tried when somebody asks."""
        try:
            self._wishes.put_nowait(view)
        except asyncio.QueueFull:
            _log.warning("probe.not_queued", connection_id=view.endpoint.connection_id)

    async def try_now(self, view: ConnectionView) -> ProbeResult:
        """Try a connection and record what was found; raises Transient where too many are."""
        endpoint = view.endpoint
        async with self._visiting():
            result = await self._probe(view)
        await self._port.send(
            endpoint.connection_id,
            endpoint.org_id,
            RecordProbe(result=result, revision=view.revision),
            command_id=str(uuid4()),
            actor=_ACTOR,
            now=self._clock(),
            deadline_seconds=_DEADLINE_SECONDS,
        )
        return result

    async def _probe(self, view: ConnectionView) -> ProbeResult:
        endpoint, clock = view.endpoint, self._clock
        password = self._keyring.open(endpoint.sealed_password, context=endpoint.seal_context)
        if endpoint.type == "qdrant":
            return await probe_qdrant(endpoint, password, options=view.options, clock=clock)
        return await probe(
            endpoint, password, options=view.options, schemas=view.schemas, clock=clock
        )

    async def catalog(self, view: ConnectionView, query: CatalogQuery) -> CatalogBody:
        """List the tables of a connection's database; raises VisitFailed, Transient."""
        endpoint = view.endpoint
        if endpoint.type == "qdrant":
            raise VisitFailed("A Qdrant server has no tables.")
        async with self._visiting():
            return await read_catalog(
                endpoint,
                self._keyring.open(endpoint.sealed_password, context=endpoint.seal_context),
                options=view.options,
                schemas=view.schemas,
                query=query,
                clock=self._clock,
            )

    @asynccontextmanager
    async def _visiting(self) -> AsyncGenerator[None, None]:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._visits.acquire()
        except TimeoutError:
            raise Transient(
                "Too many databases are being looked at; ask again in a moment.",
                code="too_many_probes",
            ) from None
        try:
            yield
        finally:
            self._visits.release()

    async def _work(self) -> None:
        while True:
            view = await self._wishes.get()
            try:
                await self.try_now(view)
            except SternaError as error:
                _log.warning(
                    "probe.failed", connection_id=view.endpoint.connection_id, code=error.code
                )
