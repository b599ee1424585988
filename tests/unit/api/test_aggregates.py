from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.api_key.commands import CreateApiKey, RevokeApiKey, RotateApiKey, UpdateApiKey
from sterna_core.api_key.decider import API_KEY
from sterna_core.api_key.events import ApiKeyCreated, ApiKeyRevoked
from sterna_core.connection.changes import ConnectionChanges
from sterna_core.connection.commands import (
    CreateConnection,
    DeleteConnection,
    RecordProbe,
    UpdateConnection,
)
from sterna_core.connection.decider import CONNECTION
from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.events import ConnectionCreated
from sterna_core.connection.probe import ProbeResult
from sterna_core.connection.view import fold_connection
from sterna_core.journal.local import LocalDecider
from sterna_core.webhook.commands import (
    CreateWebhook,
    DeleteWebhook,
    RecordAttempt,
    RetryDelivery,
    RotateSecret,
    SendTest,
    UpdateWebhook,
)
from sterna_core.webhook.decider import WEBHOOK
from sterna_core.webhook.events import (
    DeliveryAttempted,
    WebhookDisabled,
    WebhookEnabled,
    WebhookUpdated,
)
from sterna_core.webhook.state import Active

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_ENDPOINT = Endpoint(
    connection_id="conn_1",
    org_id="org_test",
    host="db",
    database="shop",
    username="u",
    sealed_password="v1.k1.sealed",
)
_CREATE = CreateConnection(name="old", description="", role="both", endpoint=_ENDPOINT)
_MOVE = UpdateConnection(changes=ConnectionChanges(host="elsewhere", name="new"))
_PROBE = RecordProbe(result=ProbeResult(succeeded=True, at=_AT))


def _attempt(result: Any = "delivered", **fields: Any) -> RecordAttempt:
    return RecordAttempt(
        event_id="evt_1",
        attempt=1,
        result=result,
        status=200,
        reason=None,
        milliseconds=5,
        next_attempt_at=None,
        **fields,
    )


_HOOK = CreateWebhook(url="https://x", events=("*",), description="", sealed_secret="v1.k1.s")
_PATCH = UpdateWebhook(url="https://y", events=("migration.*",))
_KEY = CreateApiKey(name="robot", digest="0" * 64)
_ROTATE = RotateApiKey(digest="1" * 64, overlap_seconds=60)
_CASES = {
    "conn_1": (CONNECTION, (_CREATE, _PROBE, _MOVE, DeleteConnection())),
    "wh_1": (
        WEBHOOK,
        (
            _HOOK,
            _attempt(),
            _attempt("failed"),
            _attempt("gone"),
            _PATCH,
            UpdateWebhook(active=False),
            UpdateWebhook(active=True),
            RotateSecret(sealed_secret="v1.k1.t", previous_until=_AT),
            SendTest(event_type="migration.completed"),
            RetryDelivery(event_id="evt_1"),
            DeleteWebhook(),
        ),
    ),
    "key_1": (API_KEY, (_KEY, UpdateApiKey(name="x"), _ROTATE, RevokeApiKey())),
}


@given(st.data())
def test_any_order_of_commands_is_decided_and_folds_to_the_same_state_again(data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(_CASES)))
    aggregate, commands = _CASES[name]
    decider = LocalDecider([aggregate])
    for command in data.draw(st.lists(st.sampled_from(commands), max_size=8)):
        decider.send(name, command)
    assert not decider.dead_letters
    state = decider.state(name)
    again = msgspec.json.decode(msgspec.json.encode(state), type=aggregate.state_type)
    assert again == state


def test_a_thing_that_was_deleted_does_not_come_back():
    for name, (aggregate, commands) in _CASES.items():
        decider = LocalDecider([aggregate])
        create, end = commands[0], commands[-1]
        assert decider.send(name, create).rejected is None
        assert decider.send(name, create).rejected.code == "invalid_state"
        assert decider.send(name, end).rejected is None
        assert decider.send(name, end).rejected.code.endswith("_not_found")
        assert decider.send(name, create).rejected is not None


def test_what_was_never_made_is_not_found():
    for name, (aggregate, commands) in _CASES.items():
        outcome = LocalDecider([aggregate]).send(name, commands[-1])
        assert outcome.rejected.code.endswith("_not_found")


def test_a_probe_of_a_connection_that_is_gone_says_nothing():
    decider = LocalDecider([CONNECTION])
    decider.send("conn_1", _CREATE)
    decider.send("conn_1", DeleteConnection())
    outcome = decider.send("conn_1", _PROBE)
    assert outcome.rejected is None
    assert outcome.events == ()


def test_a_probe_of_what_a_connection_was_before_says_nothing():
    decider = LocalDecider([CONNECTION])
    decider.send("conn_1", _CREATE)
    decider.send("conn_1", UpdateConnection(changes=ConnectionChanges(name="renamed")))
    assert len(decider.send("conn_1", _PROBE).events) == 1
    decider.send("conn_1", UpdateConnection(changes=ConnectionChanges(host="elsewhere")))
    assert decider.send("conn_1", _PROBE).events == ()
    later = RecordProbe(result=ProbeResult(succeeded=True, at=_AT), revision=1)
    assert len(decider.send("conn_1", later).events) == 1


def test_an_answer_that_the_receiver_is_gone_disables_the_webhook():
    decider = LocalDecider([WEBHOOK])
    decider.send("wh_1", _HOOK)
    outcome = decider.send("wh_1", _attempt("gone"))
    assert [type(event) for event in outcome.events] == [DeliveryAttempted, WebhookDisabled]
    assert decider.send("wh_1", _attempt()).events == ()


def test_a_disabled_webhook_is_sent_nothing_and_can_be_made_active_again():
    decider = LocalDecider([WEBHOOK])
    decider.send("wh_1", _HOOK)
    (off,) = decider.send("wh_1", UpdateWebhook(active=False)).events
    assert isinstance(off, WebhookDisabled)
    assert off.reason == "asked"
    assert decider.send("wh_1", UpdateWebhook(active=False)).events == ()
    for refused in (SendTest(event_type="migration.failed"), RetryDelivery(event_id="evt_1")):
        assert decider.send("wh_1", refused).rejected.code == "invalid_state"
    changed = decider.send("wh_1", UpdateWebhook(url="https://z", active=True)).events
    assert [type(event) for event in changed] == [WebhookUpdated, WebhookEnabled]
    assert decider.send("wh_1", UpdateWebhook(active=True)).events == ()
    assert decider.send("wh_1", SendTest(event_type="migration.failed")).rejected is None


def test_a_webhook_that_has_only_failed_for_long_is_disabled():
    def failing(number: int, **policy: Any) -> RecordAttempt:
        return _attempt("failed", disable_after_failures=number, **policy)

    decider = LocalDecider([WEBHOOK])
    decider.send("wh_1", _HOOK)
    for _ in range(3):
        assert len(decider.send("wh_1", failing(2, disable_after_seconds=3600)).events) == 1
    assert len(decider.send("wh_1", failing(9, disable_after_seconds=1e-9)).events) == 1
    assert len(decider.send("wh_1", failing(1)).events) == 1, "0 seconds mean never"
    state = decider.state("wh_1")
    assert isinstance(state, Active)
    assert state.failures == 5
    decider.send("wh_1", _attempt("delivered"))
    assert decider.state("wh_1") == Active()
    decider.send("wh_1", failing(2, disable_after_seconds=3600))
    decider.now += timedelta(hours=1)
    last = decider.send("wh_1", failing(2, disable_after_seconds=3600)).events[-1]
    assert isinstance(last, WebhookDisabled)
    assert last.reason == "failing"


def test_a_key_is_known_by_its_digest_only():
    outcome = LocalDecider([API_KEY]).send("key_1", _KEY)
    (event,) = outcome.events
    assert isinstance(event, ApiKeyCreated)
    assert event.digest == "0" * 64
    assert not hasattr(event, "key")


def test_the_view_of_a_connection_says_what_the_last_trial_found():
    created = LocalDecider([CONNECTION]).send("conn_1", _CREATE).events[0]
    assert isinstance(created, ConnectionCreated)
    view = fold_connection(None, created)
    assert view is not None
    assert view.status == "testing"


@pytest.mark.parametrize("event", [ApiKeyRevoked(at=_AT, by="x")])
def test_events_read_back_as_they_were_written(event: Any):
    body = msgspec.json.encode(event)
    assert msgspec.json.decode(body, type=API_KEY.events) == event
