"""What has happened to a webhook. Tags are on the wire for ever and are never edited."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime
from sterna_core.webhook.commands import AttemptResult

DisabledReason = Literal["gone", "failing", "asked"]


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that has happened, and when."""

    at: UtcDatetime


class WebhookCreated(Event, frozen=True, kw_only=True, tag="webhook.created.v1"):
    """Events from now on are sent to this address: all of them, or those about one thing."""

    url: str
    events: tuple[str, ...]
    description: str
    sealed_secret: str
    by: str
    about: str | None = None


class DeliveryAttempted(Event, frozen=True, kw_only=True, tag="webhook.delivery_attempted.v1"):
    """An event was sent, and this became of it."""

    event_id: str
    attempt: int
    result: AttemptResult
    status: int | None
    reason: str | None
    milliseconds: int
    next_attempt_at: UtcDatetime | None


class WebhookUpdated(Event, frozen=True, kw_only=True, tag="webhook.updated.v1"):
    """Something about the webhook is different from now on; None is as it was."""

    url: str | None
    events: tuple[str, ...] | None
    description: str | None
    by: str


class SecretRotated(Event, frozen=True, kw_only=True, tag="webhook.secret_rotated.v1"):
    """Deliveries are signed with a new secret, and with the one before until a moment."""

    sealed_secret: str
    previous_until: UtcDatetime
    by: str


class WebhookTested(Event, frozen=True, kw_only=True, tag="webhook.tested.v1"):
    """Somebody wants a test event to be sent."""

    event_id: str
    event_type: str
    by: str


class DeliveryRetried(Event, frozen=True, kw_only=True, tag="webhook.delivery_retried.v1"):
    """Somebody wants an event to be sent once more."""

    event_id: str
    by: str


class WebhookDisabled(Event, frozen=True, kw_only=True, tag="webhook.disabled.v1"):
    """Nothing more is sent: the receiver is gone, has failed for long, or somebody wanted it."""

    reason: DisabledReason = "gone"


class WebhookEnabled(Event, frozen=True, kw_only=True, tag="webhook.enabled.v1"):
    """Events from now on are sent again."""

    by: str


class WebhookDeleted(Event, frozen=True, kw_only=True, tag="webhook.deleted.v1"):
    """Nothing more is sent to this address."""

    by: str


AnyEvent = (
    WebhookCreated
    | WebhookUpdated
    | SecretRotated
    | WebhookTested
    | DeliveryAttempted
    | DeliveryRetried
    | WebhookDisabled
    | WebhookEnabled
    | WebhookDeleted
)
