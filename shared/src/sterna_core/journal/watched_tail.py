import asyncio
from collections.abc import Mapping, Sequence

import structlog

from sterna_core.errors import Unreachable
from sterna_core.journal.log import Log, Tail
from sterna_core.journal.record import StoredRecord

QUIET_SECONDS = 10.0
"""After so long without a record, the log is asked whether there is none."""

_REOPEN_SECONDS = 0.5
_log = structlog.get_logger(__name__)


class WatchedTail:
    """A tail that is opened anew when it has failed, or is silent though there are records.

    A client library's own recovery is not taken on trust: a reader that stands still without an
    error would otherwise stand still for ever.
    """

    def __init__(
        self,
        log: Log,
        topic: str,
        offsets: Mapping[int, int],
        *,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        self._log = log
        self._topic = topic
        self._offsets = dict(offsets)
        self._quiet_seconds = quiet_seconds
        self._tail: Tail | None = None
        self._heard_at = 0.0
        self._suspect = False

    async def open(self) -> None:
        """Begin to read; raises Unreachable."""
        self._tail = await self._log.open_tail(self._topic, self._offsets)
        self._heard_at = asyncio.get_running_loop().time()
        self._suspect = False

    async def read(self, wait_seconds: float) -> Sequence[StoredRecord]:
        """Give the next records, none after the wait or while the log is away.

        Raises RecordsGone where what is wanted is not kept any more.
        """
        try:
            if self._tail is None:
                await self.open()
            return await self._read(wait_seconds)
        except Unreachable as error:
            _log.warning("tail_interrupted", topic=self._topic, code=error.code)
            await self.close()
            await asyncio.sleep(_REOPEN_SECONDS)
            return ()

    async def close(self) -> None:
        """Let go of the tail, within a stated time."""
        tail, self._tail = self._tail, None
        if tail is not None:
            await tail.close()

    async def _read(self, wait_seconds: float) -> Sequence[StoredRecord]:
        if self._tail is None:
            return ()
        records = await self._tail.read(wait_seconds)
        now = asyncio.get_running_loop().time()
        if records:
            self._heard_at, self._suspect = now, False
            for record in records:
                self._offsets[record.partition] = record.offset + 1
        elif now - self._heard_at > self._quiet_seconds:
            self._heard_at = now
            await self._check_silence()
        return records

    async def _check_silence(self) -> None:
        """See whether there is nothing to read; twice, for a record may be on its way."""
        bounds = await self._log.bounds(self._topic, self._offsets)
        behind = any(bounds[p].end > offset for p, offset in self._offsets.items())
        if behind and self._suspect:
            raise Unreachable("The reader stands still though there are records.")
        self._suspect = behind
