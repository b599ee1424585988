import asyncio
from uuid import uuid4

import structlog
from msgspec import Struct

from sterna_api.http.command_desk import CommandPort
from sterna_api.http.connection_probe import probe
from sterna_core.clock import Clock
from sterna_core.connection.commands import ConnectionOptions, RecordProbe
from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.probe import ProbeResult
from sterna_core.errors import SternaError
from sterna_core.secrets.keyring import Keyring

WORKERS = 4
WAITING_MAX = 256
_DEADLINE_SECONDS = 10.0
_ACTOR = "probe"
_log = structlog.get_logger()


class _Wish(Struct, frozen=True):
    endpoint: Endpoint
    options: ConnectionOptions


class ProbeDesk:
    """Tries connections and records what was found; new ones are tried in the background."""

    def __init__(self, port: CommandPort, keyring: Keyring, clock: Clock) -> None:
        self._port = port
        self._keyring = keyring
        self._clock = clock
        self._wishes: asyncio.Queue[_Wish] = asyncio.Queue(WAITING_MAX)

    async def run(self) -> None:
        """Try the connections that were handed in, for ever."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work())

    def try_soon(self, endpoint: Endpoint, options: ConnectionOptions) -> None:
        """Hand in a connection; where too many wait, it is tried when somebody asks."""
        try:
            self._wishes.put_nowait(_Wish(endpoint, options))
        except asyncio.QueueFull:
            _log.warning("probe.not_queued", connection_id=endpoint.connection_id)

    async def try_now(self, endpoint: Endpoint, options: ConnectionOptions) -> ProbeResult:
        """Try a connection and record what was found."""
        password = self._keyring.open(endpoint.sealed_password, context=endpoint.seal_context)
        result = await probe(
            endpoint,
            password,
            timeout_seconds=options.connection_timeout_seconds,
            clock=self._clock,
        )
        await self._port.send(
            endpoint.connection_id,
            endpoint.org_id,
            RecordProbe(result=result),
            command_id=str(uuid4()),
            actor=_ACTOR,
            now=self._clock(),
            deadline_seconds=_DEADLINE_SECONDS,
        )
        return result

    async def _work(self) -> None:
        while True:
            wish = await self._wishes.get()
            try:
                await self.try_now(wish.endpoint, wish.options)
            except SternaError as error:
                _log.warning(
                    "probe.failed", connection_id=wish.endpoint.connection_id, code=error.code
                )
