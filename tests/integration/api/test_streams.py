import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.follower import Following
from tests.support.api.service import Service
from tests.support.migration.scenario import table

from sterna_api.streams import channel, follower


@pytest.fixture
async def services(postgres_server: PostgresTestServer) -> AsyncIterator[tuple[Service, Service]]:
    """Two instances of one installation; the first also decides and projects."""
    url = await postgres_server.create_database()
    async with (
        Service(url) as first,
        Service(url, log=first.log, project=False, decide=False, execute=False) as second,
    ):
        first.executors.tables = (table("orders", chunks=20), table("customers", chunks=20))
        yield first, second


async def _planned(client: Client) -> str:
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    return migration_id


async def _completed(service: Service, client: Client) -> str:
    migration_id = await _planned(client)
    await client.post(f"/v1/migrations/{migration_id}/start")
    await service.say(migration_id, *(f"telemetry {number}" for number in range(30)))
    await client.in_status(migration_id, "completed")
    return migration_id


async def test_a_stream_tells_the_whole_log_and_ends(services: tuple[Service, Service]):
    service, _ = services
    client = service.client()
    migration_id = await _planned(client)
    following = Following(migration_id)
    live = asyncio.create_task(following.follow(client))
    await client.post(f"/v1/migrations/{migration_id}/start")
    await service.say(migration_id, *(f"telemetry {number}" for number in range(30)))
    assert await live is True
    kinds = {event.kind for event in following.events}
    assert kinds == {"log", "progress", "end"}
    assert following.lines[-1] == {"status": "completed"}
    stored = (await client.get(f"/v1/migrations/{migration_id}/logs?limit=1000")).json["data"]
    assert sorted(following.messages) == sorted(line["message"] for line in stored)
    told = [message for message in following.messages if message.startswith("telemetry")]
    assert told == [f"telemetry {number}" for number in range(30)]


async def test_the_stream_of_a_migration_that_is_over_ends_at_once_and_then_has_nothing(
    services: tuple[Service, Service],
):
    service, second = services
    client = service.client()
    migration_id = await _completed(service, client)
    following = Following(migration_id)
    assert await following.follow(client) is True
    count = len(following.events)
    assert await following.follow(second.client()) is True
    assert following.status == 204
    assert len(following.events) == count


async def test_a_follower_that_is_cut_off_anywhere_goes_on_on_any_instance_without_gap_or_repeat(
    services: tuple[Service, Service],
):
    service, second = services
    clients = (service.client(), second.client())
    migration_id = await _completed(service, clients[0])
    whole = Following(migration_id)
    await whole.follow(clients[0])
    chance = random.Random(7)
    for _ in range(25):
        cut = Following(migration_id)
        turn = 0
        while not await cut.follow(clients[turn % 2], limit=chance.randint(1, 40)):
            turn += 1
        assert cut.events == whole.events


async def test_followers_of_a_running_migration_miss_nothing_whatever_cuts_them_off(
    services: tuple[Service, Service],
):
    service, second = services
    clients = (service.client(), second.client())
    migration_id = await _planned(clients[0])
    followings = [Following(migration_id) for _ in range(8)]
    chance = random.Random(11)

    async def keep_following(following: Following) -> None:
        while not await following.follow(chance.choice(clients), limit=chance.randint(1, 15)):
            pass

    async def keep_talking() -> None:
        for number in range(60):
            await service.say(migration_id, f"telemetry {number}")
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for following in followings:
            group.create_task(keep_following(following))
        await clients[0].post(f"/v1/migrations/{migration_id}/start")
        group.create_task(keep_talking())
    stored = (await clients[0].get(f"/v1/migrations/{migration_id}/logs?limit=1000")).json["data"]
    expected = sorted(line["message"] for line in stored)
    for following in followings:
        assert sorted(following.messages) == expected
        ids = [event.event_id for event in following.events]
        assert len(set(ids)) == len(ids)
        percents = [line["percent"] for line in following.lines if "percent" in line]
        assert len(percents) == 40 + 2


async def test_a_follower_gets_what_it_asked_for_only(services: tuple[Service, Service]):
    service, _ = services
    client = service.client()
    migration_id = await _completed(service, client)
    errors = Following(migration_id, "&level=info")
    await errors.follow(client)
    assert not any(message.startswith("telemetry") for message in errors.messages)
    transfer = Following(migration_id, "&phase=data_transfer")
    await transfer.follow(client)
    phases = {line["phase"] for line in transfer.lines if "phase" in line}
    assert phases == {"data_transfer"}
    late = Following(migration_id, "&since=2999-01-01T00:00:00Z")
    await late.follow(client)
    assert [event.kind for event in late.events] == ["end"]


async def test_a_follower_that_fell_behind_goes_on_from_history(
    services: tuple[Service, Service], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(channel, "FRAMES_KEPT", 4)
    service, _ = services
    client = service.client()
    migration_id = await _planned(client)
    following = Following(migration_id)
    live = asyncio.create_task(following.follow(client))
    await client.post(f"/v1/migrations/{migration_id}/start")
    for number in range(100):
        await service.say(migration_id, f"telemetry {number}")
    assert await live is True
    told = [message for message in following.messages if message.startswith("telemetry")]
    assert told == [f"telemetry {number}" for number in range(100)]


async def test_a_quiet_stream_says_that_it_is_alive(
    services: tuple[Service, Service], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follower, "HEARTBEAT_SECONDS", 0.05)
    service, _ = services
    client = service.client()
    migration_id = await _planned(client)
    async with (
        asyncio.timeout(10),
        client.session.get(
            f"{client.url}/v1/migrations/{migration_id}/logs",
            headers={**client.headers, "Accept": "text/event-stream"},
        ) as reply,
    ):
        seen = b""
        while b": heartbeat\n\n" not in seen:
            seen += await reply.content.read(100)


async def test_streams_end_cleanly_without_an_end_when_the_process_stops(
    services: tuple[Service, Service],
):
    service, second = services
    migration_id = await _planned(service.client())
    client = second.client()
    following = Following(migration_id)
    live = asyncio.create_task(following.follow(client))
    await client.until(
        f"/v1/migrations/{migration_id}", lambda _: bool(second.hub.followers(migration_id))
    )
    second.hub.stop()
    assert await live is False
    assert following.messages
    assert not following.ended
    await service.client().post(f"/v1/migrations/{migration_id}/start")
    await following.follow_to_the_end(service.client())
    stored = (await service.client().get(f"/v1/migrations/{migration_id}/logs?limit=1000")).json
    assert sorted(following.messages) == sorted(line["message"] for line in stored["data"])
