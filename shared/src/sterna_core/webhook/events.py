"""What has happened to a webhook. Tags are on the wire for ever and are never edited."""

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.webhook.commands import AttemptResult


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened, and when."""

    at: UtcDatetime


class WebhookCreated(Event, frozen=True, kw_only=True, tag="webhook.created.v1"):
    """Events from now on are sent to this address."""

    url: str
    events: tuple[str, ...]
    description: str
    sealed_secret: str
    by: str


class DeliveryAttempted(Event, frozen=True, kw_only=True, tag="webhook.delivery_attempted.v1"):
    """An event was sent, and this became of it."""

    event_id: str
    attempt: int
    result: AttemptResult
    status: int | None
    reason: str | None
    milliseconds: int
    next_attempt_at: UtcDatetime | None


class WebhookDisabled(Event, frozen=True, kw_only=True, tag="webhook.disabled.v1"):
    """The receiver answered that it is gone: nothing more is sent."""


class WebhookDeleted(Event, frozen=True, kw_only=True, tag="webhook.deleted.v1"):
    """Nothing more is sent to this address."""

    by: str


AnyEvent = WebhookCreated | DeliveryAttempted | WebhookDisabled | WebhookDeleted
