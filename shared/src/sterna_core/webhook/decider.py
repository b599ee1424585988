from typing import assert_never

from sterna_core import ids
from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Aggregate, Context
from sterna_core.webhook.commands import AnyCommand, CreateWebhook, DeleteWebhook, RecordAttempt
from sterna_core.webhook.events import (
    AnyEvent,
    DeliveryAttempted,
    WebhookCreated,
    WebhookDeleted,
    WebhookDisabled,
)
from sterna_core.webhook.state import Absent, Active, Deleted, Disabled, State


def decide(state: State, command: AnyCommand, context: Context) -> tuple[AnyEvent, ...]:
    """Give what a command leads to; raises Rejected."""
    match command:
        case CreateWebhook():
            if not isinstance(state, Absent):
                raise Rejected("invalid_state", "This webhook exists or has existed.")
            return (
                WebhookCreated(
                    at=context.now,
                    url=command.url,
                    events=command.events,
                    description=command.description,
                    sealed_secret=command.sealed_secret,
                    by=context.actor,
                ),
            )
        case DeleteWebhook():
            if not isinstance(state, Active | Disabled):
                raise Rejected("webhook_not_found", "There is no such webhook.")
            return (WebhookDeleted(at=context.now, by=context.actor),)
        case RecordAttempt():
            return _record(state, command, context)
    assert_never(command)


def _record(state: State, command: RecordAttempt, context: Context) -> tuple[AnyEvent, ...]:
    # An attempt that ends after the webhook was deleted or disabled changes nothing.
    if not isinstance(state, Active):
        return ()
    attempted = DeliveryAttempted(
        at=context.now,
        event_id=command.event_id,
        attempt=command.attempt,
        result=command.result,
        status=command.status,
        reason=command.reason,
        milliseconds=command.milliseconds,
        next_attempt_at=command.next_attempt_at,
    )
    if command.result == "gone":
        return attempted, WebhookDisabled(at=context.now)
    return (attempted,)


def evolve(state: State, event: AnyEvent) -> State:
    """Give the state after an event."""
    match event:
        case WebhookCreated():
            return Active()
        case DeliveryAttempted():
            return state
        case WebhookDisabled():
            return Disabled()
        case WebhookDeleted():
            return Deleted()
    assert_never(event)


WEBHOOK: Aggregate[State, AnyCommand, AnyEvent] = Aggregate(
    name="webhook",
    id_prefix=ids.WEBHOOK,
    initial=Absent(),
    commands=AnyCommand,
    events=AnyEvent,
    state_type=State,
    decide=decide,
    evolve=evolve,
    tasks=lambda _state: (),
    timers=lambda _state: (),
    schema_version=1,
)
"""An address that events are sent to."""
