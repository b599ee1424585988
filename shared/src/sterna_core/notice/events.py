"""What has happened to notices. Tags are on the wire for ever and are never edited."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.notice.commands import NoticeChannel, NoticeResult


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened, and when."""

    at: UtcDatetime


class NoticeAttempted(Event, frozen=True, kw_only=True, tag="notice.attempted.v1"):
    """Somebody was told of an event, and this became of it."""

    migration_id: str
    event_id: str
    channel: NoticeChannel
    recipient: str
    attempt: int
    result: NoticeResult
    reason: str | None
    next_attempt_at: UtcDatetime | None


AnyEvent = NoticeAttempted
