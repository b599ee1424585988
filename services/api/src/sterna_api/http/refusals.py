import asyncio

import msgspec
import structlog
from aiohttp import web

from sterna_api.http.caller import ORIGIN, REQUEST_ID
from sterna_core.clock import Clock
from sterna_core.errors import Transient
from sterna_core.journal.log import RecordSender
from sterna_core.journal.origin import Origin
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.topics import Topics, key_of, partition_for
from sterna_core.tasks.access import AccessRefused

OPERATORS_ORG_ID = "org_default"
"""Who sees what was tried with a key that nobody has."""

WAITING_MAX = 1_000
_SEND_SECONDS = 10.0
_UNKNOWN_ROUTE = "unknown"
_log = structlog.get_logger()


class Refusals:
    """Writes who was refused to telemetry, from where the audit log is projected."""

    def __init__(self, sender: RecordSender, topics: Topics, clock: Clock) -> None:
        self._sender = sender
        self._topics = topics
        self._clock = clock
        self._waiting: asyncio.Queue[AccessRefused] = asyncio.Queue(WAITING_MAX)

    def note(
        self, request: web.Request, code: str, org_id: str | None = None, key_id: str | None = None
    ) -> None:
        """Note a refusal; where too many wait to be written, it is only logged."""
        resource = request.match_info.route.resource
        origin = request.get(ORIGIN, Origin())
        refused = AccessRefused(
            org_id=org_id or OPERATORS_ORG_ID,
            key_id=key_id,
            timestamp=self._clock(),
            method=request.method if request.method.isalpha() else "",
            route=resource.canonical if resource else _UNKNOWN_ROUTE,
            code=code,
            address=origin.address,
            user_agent=origin.user_agent,
            request_id=request.get(REQUEST_ID, ""),
        )
        try:
            self._waiting.put_nowait(refused)
        except asyncio.QueueFull:
            _log.warning("refusal.not_recorded", code=code, address=origin.address)

    async def run(self) -> None:
        """Write what was noted, for ever."""
        while True:
            refused = await self._waiting.get()
            try:
                await self._write(refused)
            except (Transient, TimeoutError):
                _log.warning("refusal.not_recorded", code=refused.code, address=refused.address)

    async def _write(self, refused: AccessRefused) -> None:
        key = key_of(refused.org_id, refused.key_id or "unknown")
        partition = partition_for(key, self._topics.telemetry_partitions)
        record = OutgoingRecord(key, msgspec.json.encode(refused), ())
        async with asyncio.timeout(_SEND_SECONDS):
            await self._sender.send(self._topics.telemetry, partition, record)
