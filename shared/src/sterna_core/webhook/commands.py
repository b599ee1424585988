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

    `events` are types such as `migration.completed`, `migration.*` or `*`.
    """

    url: str
    events: tuple[str, ...]
    description: str
    sealed_secret: str


class DeleteWebhook(Command, frozen=True, kw_only=True, tag="webhook.delete.v1"):
    """Send nothing more to this address."""


class RecordAttempt(Command, frozen=True, kw_only=True, tag="webhook.record_attempt.v1"):
    """An event was sent, and this became of it.

    `attempt` counts from 1. `next_attempt_at` None after a failure means that no further attempt
    is made. `reason` is a stable code, never the receiver's words.
    """

    event_id: str
    attempt: int
    result: AttemptResult
    status: int | None
    reason: str | None
    milliseconds: int
    next_attempt_at: UtcDatetime | None


AnyCommand = CreateWebhook | DeleteWebhook | RecordAttempt
