from typing import assert_never

from sterna_core import ids
from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Aggregate, Context
from sterna_core.webhook import commands as cmd
from sterna_core.webhook import events as ev
from sterna_core.webhook.state import Absent, Active, Deleted, Disabled, State


def decide(state: State, command: cmd.AnyCommand, context: Context) -> tuple[ev.AnyEvent, ...]:
    """Give what a command leads to; raises Rejected."""
    match command:
        case cmd.CreateWebhook():
            return _create(state, command, context)
        case cmd.RecordAttempt():
            return _record(state, command, context)
        case cmd.UpdateWebhook():
            return _update(_live(state), command, context)
        case cmd.DeleteWebhook():
            _live(state)
            return (ev.WebhookDeleted(at=context.now, by=context.actor),)
        case cmd.RotateSecret():
            _live(state)
            return (
                ev.SecretRotated(
                    at=context.now,
                    sealed_secret=command.sealed_secret,
                    previous_until=command.previous_until,
                    by=context.actor,
                ),
            )
        case cmd.SendTest():
            _sending(state)
            return (
                ev.WebhookTested(
                    at=context.now,
                    event_id=test_event_id(context.command_id),
                    event_type=command.event_type,
                    by=context.actor,
                ),
            )
        case cmd.RetryDelivery():
            _sending(state)
            return (
                ev.DeliveryRetried(at=context.now, event_id=command.event_id, by=context.actor),
            )
    assert_never(command)


def _create(state: State, command: cmd.CreateWebhook, context: Context) -> tuple[ev.AnyEvent, ...]:
    if not isinstance(state, Absent):
        raise Rejected("invalid_state", "This webhook exists or has existed.")
    return (
        ev.WebhookCreated(
            at=context.now,
            url=command.url,
            events=command.events,
            description=command.description,
            sealed_secret=command.sealed_secret,
            by=context.actor,
            about=command.about,
        ),
    )


def _update(
    state: Active | Disabled, command: cmd.UpdateWebhook, context: Context
) -> tuple[ev.AnyEvent, ...]:
    events: list[ev.AnyEvent] = []
    if (command.url, command.events, command.description) != (None, None, None):
        events.append(
            ev.WebhookUpdated(
                at=context.now,
                url=command.url,
                events=command.events,
                description=command.description,
                by=context.actor,
            )
        )
    if command.active is True and isinstance(state, Disabled):
        events.append(ev.WebhookEnabled(at=context.now, by=context.actor))
    if command.active is False and isinstance(state, Active):
        events.append(ev.WebhookDisabled(at=context.now, reason="asked"))
    return tuple(events)


def _record(state: State, command: cmd.RecordAttempt, context: Context) -> tuple[ev.AnyEvent, ...]:
    # An attempt that ends after the webhook was deleted or disabled changes nothing.
    if not isinstance(state, Active):
        return ()
    attempted = ev.DeliveryAttempted(
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
        return attempted, ev.WebhookDisabled(at=context.now)
    after = _after(state, attempted)
    if command.disable_after_seconds > 0 and after.failing_since is not None:
        seconds = (context.now - after.failing_since).total_seconds()
        enough = after.failures >= command.disable_after_failures
        if enough and seconds >= command.disable_after_seconds:
            return attempted, ev.WebhookDisabled(at=context.now, reason="failing")
    return (attempted,)


def _after(state: Active, event: ev.DeliveryAttempted) -> Active:
    if event.result == "delivered":
        return Active()
    return Active(failures=state.failures + 1, failing_since=state.failing_since or event.at)


def _live(state: State) -> Active | Disabled:
    if not isinstance(state, Active | Disabled):
        raise Rejected("webhook_not_found", "There is no such webhook.")
    return state


def _sending(state: State) -> None:
    if isinstance(_live(state), Disabled):
        raise Rejected("invalid_state", "The webhook is disabled; make it active first.")


def test_event_id(command_id: str) -> str:
    """Give the id of the test event that a command sends."""
    return ids.derived_id(ids.EVENT, command_id)


def evolve(state: State, event: ev.AnyEvent) -> State:
    """Give the state after an event."""
    match event:
        case ev.WebhookCreated() | ev.WebhookEnabled():
            return Active()
        case ev.DeliveryAttempted():
            return _after(state, event) if isinstance(state, Active) else state
        case ev.WebhookUpdated() | ev.SecretRotated() | ev.WebhookTested() | ev.DeliveryRetried():
            return state
        case ev.WebhookDisabled():
            return Disabled()
        case ev.WebhookDeleted():
            return Deleted()
    assert_never(event)


WEBHOOK: Aggregate[State, cmd.AnyCommand, ev.AnyEvent] = Aggregate(
    name="webhook",
    id_prefix=ids.WEBHOOK,
    initial=Absent(),
    commands=cmd.AnyCommand,
    events=ev.AnyEvent,
    state_type=State,
    decide=decide,
    evolve=evolve,
    tasks=lambda _state: (),
    timers=lambda _state: (),
    schema_version=2,
)
"""An address that events are sent to."""
