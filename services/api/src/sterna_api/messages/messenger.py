import asyncio
from collections.abc import Mapping, Sequence

import structlog

from sterna_api.http.command_desk import CommandPort
from sterna_api.messages.channel import Channel, Told
from sterna_api.messages.message import message_of
from sterna_api.messages.outbox import DueNotice, NoticeOutbox
from sterna_api.webhooks.schedule import next_attempt_at
from sterna_core import ids
from sterna_core.clock import Clock
from sterna_core.errors import SternaError
from sterna_core.notice.commands import NoticeChannel, RecordNotice
from sterna_core.notice.decider import notices_of

AT_ONCE_MAX = 10
POLL_SECONDS = 1.0
CLAIM_SECONDS = 60.0
"""Longer than an attempt and its record can take, with the projector's delay."""
_RECORD_SECONDS = 10.0
_ACTOR = "messenger"
_log = structlog.get_logger()


class Messenger:
    """Tells people what they are to be told, and reports what became of it as commands.

    At least once: a message goes out again only where nothing was recorded of it in time.
    """

    def __init__(
        self,
        outbox: NoticeOutbox,
        port: CommandPort,
        channels: Mapping[NoticeChannel, Channel],
        clock: Clock,
        *,
        delays_seconds: Sequence[float],
        public_url: str | None,
    ) -> None:
        self._outbox = outbox
        self._port = port
        self._channels = dict(channels)
        self._clock = clock
        self._delays_seconds = tuple(delays_seconds)
        self._public_url = public_url

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            try:
                told = await self.tell_due()
            except SternaError as error:
                _log.warning("messenger.interrupted", code=error.code)
                told = 0
            if told == 0:
                await asyncio.sleep(POLL_SECONDS)

    async def tell_due(self) -> int:
        """Tell what is due now, and wait until it is recorded; gives how much."""
        due = await self._outbox.claim(
            self._clock(),
            channels=self._channels.keys(),
            for_seconds=CLAIM_SECONDS,
            limit=AT_ONCE_MAX,
        )
        async with asyncio.TaskGroup() as group:
            for notice in due:
                group.create_task(self._tell(notice))
        return len(due)

    async def _tell(self, notice: DueNotice) -> None:
        message = message_of(notice.type, notice.body, self._public_url)
        told = await self._channels[notice.channel].tell(
            notice.recipient, message, event_id=notice.event_id
        )
        _log.info(
            "notice.attempted",
            migration_id=notice.migration_id,
            event_id=notice.event_id,
            channel=notice.channel,
            attempt=notice.attempts + 1,
            result=told.result,
            reason=told.reason,
        )
        try:
            await self._record(notice, told)
        except SternaError as error:
            # It comes back when the claim is over.
            _log.warning("notice.not_recorded", event_id=notice.event_id, code=error.code)

    async def _record(self, notice: DueNotice, told: Told) -> None:
        number, now = notice.attempts + 1, self._clock()
        again = None
        if told.result == "failed":
            again = next_attempt_at(self._delays_seconds, attempt=number, now=now)
        command = RecordNotice(
            migration_id=notice.migration_id,
            event_id=notice.event_id,
            channel=notice.channel,
            recipient=notice.recipient,
            attempt=number,
            result=told.result,
            reason=told.reason,
            next_attempt_at=again,
        )
        await self._port.send(
            notices_of(notice.org_id, notice.migration_id),
            notice.org_id,
            command,
            # Not derived from the attempt: after a lost record it is another attempt's result.
            command_id=ids.command_id_for(notice.org_id, None),
            actor=_ACTOR,
            now=now,
            deadline_seconds=_RECORD_SECONDS,
        )
