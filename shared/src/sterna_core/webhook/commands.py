"""What can be asked of a webhook."""

from typing import Literal

from msgspec import Struct

from sterna_core.clock import UtcDatetime

AttemptResult = Literal["delivered", "failed", "gone"]
"""`gone` is the receiver's answer 410: it wants nothing more."""


class Command(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something asked of a webhook."""


class CreateWebhook(Command, frozen=True, kw_only=True, tag="webhook.create.v1"):
    """Send events of these types to this address; the signing secret is sealed already.

    `events` are types such as `migration.completed`, `migration.*` or `*`. With `about` only what
    concerns the thing of this id is sent.
    """

    url: str
    events: tuple[str, ...]
    description: str
    sealed_secret: str
    about: str | None = None


class UpdateWebhook(Command, frozen=True, kw_only=True, tag="webhook.update.v1"):
    """Change what is given; None leaves a field as it is. `active` switches sending on and off."""

    url: str | None = None
    events: tuple[str, ...] | None = None
    description: str | None = None
    active: bool | None = None


class RotateSecret(Command, frozen=True, kw_only=True, tag="webhook.rotate_secret.v1"):
    """Sign with another secret, which is sealed already, and with the one before for a while."""

    sealed_secret: str
    previous_until: UtcDatetime


class SendTest(Command, frozen=True, kw_only=True, tag="webhook.test.v1"):
    """Send an event of this type that says that it is a test."""

    event_type: str


class RetryDelivery(Command, frozen=True, kw_only=True, tag="webhook.retry_delivery.v1"):
    """Send an event once more, now."""

    event_id: str


class DeleteWebhook(Command, frozen=True, kw_only=True, tag="webhook.delete.v1"):
    """Send nothing more to this address."""


class RecordAttempt(Command, frozen=True, kw_only=True, tag="webhook.record_attempt.v1"):
    """An event was sent, and this became of it.

    `attempt` counts from 1. `next_attempt_at` None after a failure means that no further attempt
    is made. `reason` is a stable code, never the receiver's words. The webhook is disabled when it
    has failed `disable_after_failures` times in a row, over at least `disable_after_seconds`;
    0 seconds mean never.
    """

    event_id: str
    attempt: int
    result: AttemptResult
    status: int | None
    reason: str | None
    milliseconds: int
    next_attempt_at: UtcDatetime | None
    disable_after_failures: int = 0
    disable_after_seconds: float = 0.0


AnyCommand = (
    CreateWebhook
    | UpdateWebhook
    | RotateSecret
    | SendTest
    | RetryDelivery
    | DeleteWebhook
    | RecordAttempt
)
