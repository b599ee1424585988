"""What people are told of a migration, by e-mail and by Slack."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.mail_server import MailServer, mail_server
from tests.support.api.receiver import Receiver, receiving
from tests.support.api.service import Service

from sterna_api.messages.channel import Channel, FakeChannel, Told
from sterna_api.messages.email import EmailChannel, SmtpServer
from sterna_api.messages.message import Message
from sterna_api.messages.messenger import CLAIM_SECONDS, Messenger
from sterna_api.messages.outbox import NoticeOutbox
from sterna_api.messages.slack import SlackChannel
from sterna_api.webhooks.delivery import new_session
from sterna_api.webhooks.guard import AddressGuard
from sterna_api.webhooks.schedule import ATTEMPT_DELAYS_SECONDS
from sterna_core.secrets.secret import Secret

_MESSAGE = Message("Migration completed: Shop", (("Rows", "8"), ("Note", "<b> & more")), None)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[MailServer]:
    async with mail_server(tmp_path) as server:
        yield server


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    url = await postgres_server.create_database()
    async with Service(url, message_channels=frozenset({"email", "slack"})) as running:
        yield running


def _server(mail: MailServer, folder: Path, **fields: Any) -> SmtpServer:
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": mail.port,
        "tls": "starttls",
        "sender": "sterna@example.com",
        "username": mail.username,
        "password": Secret(mail.password),
        "ca_file": str(folder / "ca.pem"),
    }
    return SmtpServer(**(settings | fields))


def _email(mail: MailServer, folder: Path, **fields: Any) -> EmailChannel:
    return EmailChannel(_server(mail, folder, **fields), Clock())


def _messenger(service: Service, clock: Clock, **channels: Channel) -> Messenger:
    return Messenger(
        NoticeOutbox(service.database),
        service.client_of_journal,
        channels,  # type: ignore[arg-type]  # the names are channels
        clock,
        delays_seconds=ATTEMPT_DELAYS_SECONDS,
        public_url="https://sterna.example",
    )


async def _notices(client: Client, migration_id: str, wanted: int, query: str = "") -> list[Any]:
    path = f"/v1/migrations/{migration_id}/notifications?limit=100{query}"
    return (await client.until(path, lambda body: len(body["data"]) == wanted))["data"]


async def _completed(client: Client, **notifications: Any) -> str:
    migration_id = await client.migration(notifications=notifications)
    await client.in_status(migration_id, "approved")
    await client.post(f"/v1/migrations/{migration_id}/start")
    await client.in_status(migration_id, "completed")
    return migration_id


async def test_people_are_told_by_mail_and_slack_when_a_migration_is_completed(
    service: Service, mail: MailServer, receiver: Receiver, tmp_path: Path
):
    client, clock = service.client(), Clock()
    people = ["one@example.com", "two@example.com"]
    migration_id = await _completed(client, email=people, slack_channel="#data-ops")
    assert len(await _notices(client, migration_id, 3)) == 3
    clock.now = datetime.now(UTC)
    async with new_session(service.guard) as session:
        slack = SlackChannel(session, Secret(f"{receiver.url}/hook"))
        messenger = _messenger(service, clock, email=_email(mail, tmp_path), slack=slack)
        assert await messenger.tell_due() == 3
        await _notices(client, migration_id, 3, "&status=delivered")
        clock.now += timedelta(days=2)
        assert await messenger.tell_due() == 0
    assert sorted(mail.recipients) == people
    written = mail.mail[0]
    assert written["Subject"] == "[Sterna] Migration completed: Shop"
    assert written["From"] == "sterna@example.com"
    assert len({each["Message-ID"] for each in mail.mail}) == 2
    plain = written.get_body(("plain",))
    page = written.get_body(("html",))
    assert plain is not None
    assert page is not None
    link = f"https://sterna.example/v1/migrations/{migration_id}"
    assert link in plain.get_content()
    assert "Rows: 8" in plain.get_content()
    assert link in page.get_content()
    (posted,) = receiver.bodies
    assert posted["channel"] == "#data-ops"
    assert "*Migration completed: Shop*" in posted["text"]
    assert link in posted["text"]


async def test_whom_to_tell_can_be_changed_before_the_start(service: Service):
    client = service.client()
    migration_id = await client.migration(notifications={"email": ["first@example.com"]})
    await client.in_status(migration_id, "approved")
    one = f"/v1/migrations/{migration_id}"
    assert (await client.get(one)).json["notifications"]["email"] == ["first@example.com"]
    wanted = {"slack_channel": "#ops", "on_events": ["completed"]}

    nobody = await client.send("PATCH", one, {"notifications": None})
    changed = await client.send("PATCH", one, {"notifications": wanted})

    assert (nobody.status, nobody.json["notifications"]) == (200, None)
    assert changed.json["notifications"] == {
        "email": [],
        "slack_channel": "#ops",
        "on_events": ["migration.completed"],
    }
    assert changed.json["status"] == "approved", "the plan is still the same"
    await client.post(f"{one}/start")
    await client.in_status(migration_id, "completed")
    (notice,) = await _notices(client, migration_id, 1)
    assert (notice["channel"], notice["recipient"]) == ("slack", "#ops")


async def test_only_the_events_asked_for_are_told_and_a_rebuild_tells_nothing_again(
    service: Service,
):
    client, clock, fake = service.client(), Clock(), FakeChannel()
    usual = await _completed(client, email=["a@example.com"])
    chosen = await _completed(
        client,
        email=["a@example.com"],
        on_events=["started", "migration.phase.completed", "certificate_generated"],
    )
    (line,) = await _notices(client, usual, 1)
    assert (line["type"], line["channel"], line["status"]) == (
        "migration.completed",
        "email",
        "pending",
    )
    kinds = {each["type"] for each in await _notices(client, chosen, 6)}
    assert kinds == {
        "migration.started",
        "migration.phase.completed",
        "certificate.generated",
    }
    clock.now = datetime.now(UTC)
    assert await _messenger(service, clock, email=fake).tell_due() == 7
    await _notices(client, usual, 1, "&status=delivered")
    await _notices(client, chosen, 6, "&status=delivered")
    paths = [f"/v1/migrations/{each}/notifications?limit=100" for each in (usual, chosen)]
    before = [(await client.get(path)).json for path in paths]
    await service.rebuild()
    assert [(await client.get(path)).json for path in paths] == before
    clock.now += timedelta(days=2)
    assert await _messenger(service, clock, email=fake).tell_due() == 0


async def test_whoever_is_not_reached_is_told_again_at_the_stated_moments(service: Service):
    client, clock, fake = service.client(), Clock(), FakeChannel()
    migration_id = await _completed(client, slack_channel="#ops")
    await _notices(client, migration_id, 1)
    fake.answer = Told("failed", "timeout")
    clock.now = datetime.now(UTC)
    messenger = _messenger(service, clock, slack=fake)
    assert await _messenger(service, clock, email=fake).tell_due() == 0, "no such channel here"
    for number, delay in enumerate(ATTEMPT_DELAYS_SECONDS):
        clock.now += timedelta(seconds=delay + 1)
        assert await messenger.tell_due() == 1
        path = f"/v1/migrations/{migration_id}/notifications"
        shown = await client.until(
            path, lambda body, wanted=number + 1: body["data"][0]["attempts"] == wanted
        )
    assert shown["data"][0]["status"] == "failed"
    assert shown["data"][0]["last_reason"] == "timeout"
    clock.now += timedelta(days=30)
    assert await messenger.tell_due() == 0
    assert len({event_id for _, _, event_id in fake.told}) == 1


async def test_a_message_that_nothing_was_recorded_of_goes_out_again(service: Service):
    client, clock, fake = service.client(), Clock(), FakeChannel()
    migration_id = await _completed(client, email=["a@example.com"])
    await _notices(client, migration_id, 1)
    clock.now = datetime.now(UTC)
    taken = await NoticeOutbox(service.database).claim(
        clock.now, channels=["email"], for_seconds=CLAIM_SECONDS, limit=10
    )
    assert len(taken) == 1  # and then this sender dies
    messenger = _messenger(service, clock, email=fake)
    assert await messenger.tell_due() == 0
    clock.now += timedelta(seconds=CLAIM_SECONDS + 1)
    assert await messenger.tell_due() == 1


async def test_an_address_that_the_server_refuses_for_good_is_not_tried_again(
    mail: MailServer, tmp_path: Path
):
    channel = _email(mail, tmp_path)
    mail.refused = {"gone@example.com": "550 no such user", "busy@example.com": "450 later"}
    gone = await channel.tell("gone@example.com", _MESSAGE, event_id="evt_1")
    busy = await channel.tell("busy@example.com", _MESSAGE, event_id="evt_1")
    fine = await channel.tell("fine@example.com", _MESSAGE, event_id="evt_1")
    assert gone == Told("refused", "recipient_refused")
    assert busy == Told("failed", "recipient_refused")
    assert fine == Told("delivered")


async def test_what_is_wrong_with_the_mail_server_is_told_in_codes(
    mail: MailServer, tmp_path: Path
):
    async def told(**fields: Any) -> Told:
        return await _email(mail, tmp_path, **fields).tell("a@example.com", _MESSAGE, event_id="e")

    assert await told(password=Secret("wrong")) == Told("failed", "smtp_login")
    assert await told(port=1) == Told("failed", "unreachable")
    assert (await told(ca_file=None)).result == "failed", "its certificate is nobody's we know"
    assert (await told(tls="none", username=None, password=None)).result == "failed"
    assert mail.mail == []


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (200, Told("delivered")),
        (404, Told("refused", "status")),
        (500, Told("failed", "status")),
        (302, Told("failed", "status")),
    ],
)
async def test_what_slack_answers_decides_whether_it_is_tried_again(
    receiver: Receiver, service: Service, status: int, told: Told
):
    receiver.status = status
    async with new_session(service.guard) as session:
        channel = SlackChannel(session, Secret(f"{receiver.url}/hook"))
        assert await channel.tell("#ops", _MESSAGE, event_id="evt_1") == told
    (posted,) = receiver.bodies
    assert "&lt;b&gt; &amp; more" in posted["text"]


async def test_slack_is_not_looked_for_at_an_address_that_is_not_public(receiver: Receiver):
    async with new_session(AddressGuard()) as session:
        channel = SlackChannel(session, Secret(f"{receiver.url}/hook"))
        told = await channel.tell("#ops", _MESSAGE, event_id="evt_1")
    assert told == Told("failed", "address_refused")
    assert receiver.got == []
