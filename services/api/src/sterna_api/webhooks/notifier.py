import asyncio
from collections.abc import Sequence
from time import perf_counter

import aiohttp
import msgspec
import structlog

from sterna_api.http.command_desk import CommandPort
from sterna_api.webhooks.delivery import REQUEST_SECONDS, Attempt, new_session, send_event
from sterna_api.webhooks.disabling import DISABLING, Disabling
from sterna_api.webhooks.guard import AddressGuard
from sterna_api.webhooks.outbox import DueDelivery, Outbox
from sterna_api.webhooks.schedule import next_attempt_at
from sterna_api.webhooks.secret import seal_context
from sterna_core import ids
from sterna_core.clock import Clock
from sterna_core.correlation import following_from
from sterna_core.errors import SternaError
from sterna_core.secrets.keyring import Keyring
from sterna_core.webhook.commands import RecordAttempt
from sterna_core.webhook.events import WebhookDisabled

AT_ONCE_MAX = 20
POLL_SECONDS = 0.5
_RECORD_SECONDS = 10.0
CLAIM_SECONDS = REQUEST_SECONDS + _RECORD_SECONDS + 35.0
"""Longer than an attempt and its record can take, with the projector's delay."""

_ACTOR = "notifier"
_log = structlog.get_logger()


class Notifier:
    """Sends what is due, and reports what became of it as commands.

    An event that was sent is sent again only where nothing was recorded of it in time: every
    event arrives at least once, with the same id each time.
    """

    def __init__(
        self,
        outbox: Outbox,
        port: CommandPort,
        keyring: Keyring,
        guard: AddressGuard,
        clock: Clock,
        *,
        delays_seconds: Sequence[float],
        disabling: Disabling = DISABLING,
        environment: str = "production",
    ) -> None:
        self._outbox = outbox
        self._port = port
        self._keyring = keyring
        self._guard = guard
        self._clock = clock
        self._delays_seconds = tuple(delays_seconds)
        self._disabling = disabling
        self._environment = environment

    async def run(self) -> None:
        """Send for ever."""
        async with new_session(self._guard) as session:
            while True:
                try:
                    sent = await self.send_due(session)
                except SternaError as error:
                    _log.warning("notifier.interrupted", code=error.code)
                    sent = 0
                if sent == 0:
                    await asyncio.sleep(POLL_SECONDS)

    async def send_due(self, session: aiohttp.ClientSession) -> int:
        """Send what is due now, and wait until it is recorded; gives how much."""
        due = await self._outbox.claim(self._clock(), for_seconds=CLAIM_SECONDS, limit=AT_ONCE_MAX)
        async with asyncio.TaskGroup() as group:
            for delivery in due:
                group.create_task(self._deliver(session, delivery))
        return len(due)

    async def _deliver(self, session: aiohttp.ClientSession, delivery: DueDelivery) -> None:
        begun = perf_counter()
        with following_from(_request_of(delivery)):
            try:
                attempt = await self._attempt(session, delivery)
                await self._record(delivery, attempt, int((perf_counter() - begun) * 1000))
            except SternaError as error:
                # It comes back when the claim is over.
                _log.warning(
                    "delivery.not_recorded",
                    webhook_id=delivery.webhook_id,
                    event_id=delivery.event_id,
                    code=error.code,
                )

    async def _attempt(self, session: aiohttp.ClientSession, delivery: DueDelivery) -> Attempt:
        context = seal_context(delivery.org_id, delivery.webhook_id)
        previous = delivery.previous_sealed_secret
        return await send_event(
            session,
            url=delivery.url,
            event_id=delivery.event_id,
            body=with_environment(delivery.body, self._environment),
            secret=self._keyring.open(delivery.sealed_secret, context=context),
            now=self._clock(),
            previous=self._keyring.open(previous, context=context) if previous else None,
        )

    async def _record(self, delivery: DueDelivery, attempt: Attempt, milliseconds: int) -> None:
        number, now = delivery.attempts + 1, self._clock()
        again = None
        if attempt.result == "failed":
            again = next_attempt_at(self._delays_seconds, attempt=number, now=now)
        command = RecordAttempt(
            event_id=delivery.event_id,
            attempt=number,
            result=attempt.result,
            status=attempt.status,
            reason=attempt.reason,
            milliseconds=milliseconds,
            next_attempt_at=again,
            disable_after_failures=self._disabling.failures,
            disable_after_seconds=self._disabling.seconds,
        )
        outcome = await self._port.send(
            delivery.webhook_id,
            delivery.org_id,
            command,
            # Not derived from the attempt: after a lost record it is another attempt's result.
            command_id=ids.command_id_for(delivery.org_id, None),
            actor=_ACTOR,
            now=now,
            deadline_seconds=_RECORD_SECONDS,
        )
        _log.info(
            "delivery.attempted",
            webhook_id=delivery.webhook_id,
            event_id=delivery.event_id,
            attempt=number,
            result=attempt.result,
            status=attempt.status,
            reason=attempt.reason,
        )
        for event in outcome.events:
            if isinstance(event, WebhookDisabled):
                _log.warning(
                    "webhook.disabled", webhook_id=delivery.webhook_id, reason=event.reason
                )


def _request_of(delivery: DueDelivery) -> str | None:
    told = msgspec.json.decode(delivery.body).get("metadata", {}).get("request_id")
    return told if isinstance(told, str) else None


def with_environment(body: str, environment: str) -> str:
    """Say in an event's metadata which installation sends it."""
    event = msgspec.json.decode(body)
    event.setdefault("metadata", {})["environment"] = environment
    return msgspec.json.encode(event).decode()
