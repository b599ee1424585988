"""What can be asked about the notices of a migration: that is, what became of sending one."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime

NoticeChannel = Literal["email", "slack"]
NoticeResult = Literal["delivered", "failed", "refused"]
"""`refused` is for good: the other side wants it neither now nor later."""


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something asked about a migration's notices."""


class RecordNotice(Command, frozen=True, kw_only=True, tag="notice.record.v1"):
    """Somebody was told of an event, and this became of it.

    `attempt` counts from 1. `next_attempt_at` None means that no further attempt is made.
    `reason` is a stable code, never the other side's words.
    """

    migration_id: str
    event_id: str
    channel: NoticeChannel
    recipient: str
    attempt: int
    result: NoticeResult
    reason: str | None
    next_attempt_at: UtcDatetime | None


AnyCommand = RecordNotice
