import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client, connection_body
from tests.support.api.follower import Following
from tests.support.api.service import Service

from sterna_api.aggregates import AGGREGATES
from sterna_api.projections.database import Database
from sterna_api.projections.feed import EventsFeed, ProjectionsAhead
from sterna_api.projections.offsets import Offsets, ProjectionTaken
from sterna_api.projections.position_watch import PositionWatch
from sterna_api.projections.positions import ProjectedPositions
from sterna_api.projections.projector import Projector, write_batch
from sterna_api.projections.rebuild import rebuild
from sterna_api.projections.schema_steps import SchemaStep, apply_schema, schema_steps
from sterna_core.errors import Misconfigured
from sterna_core.journal.codec import Codec
from sterna_core.journal.memory import InMemoryLog
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.topics import Topics
from sterna_core.secrets.secret import Secret


@pytest.fixture
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    async with Service(await postgres_server.create_database()) as running:
        yield running


async def _busy(client: Client) -> list[str]:
    """Let everything there is happen; gives the addresses that show it."""
    done = await client.migration(name="done")
    await client.in_status(done, "approved")
    await client.post(f"/v1/migrations/{done}/start")
    await client.in_status(done, "completed")
    cancelled = await client.migration(name="cancelled")
    await client.in_status(cancelled, "approved")
    await client.post(f"/v1/migrations/{cancelled}/cancel", {"rollback": True})
    await client.in_status(cancelled, "cancelled")
    gone = await client.connection("gone")
    await client.delete(f"/v1/connections/{gone}")
    hook = await client.post("/v1/webhooks", {"url": "https://example.invalid/x", "events": ["*"]})
    key = await client.post("/v1/api-keys", {"name": "kept"})
    revoked = await client.post("/v1/api-keys", {"name": "revoked"})
    last = await client.delete(f"/v1/api-keys/{revoked.json['id']}")
    assert last.status == 200
    listed = (await client.get("/v1/connections?limit=100")).json["data"]
    for each in listed:
        await client.until(f"/v1/connections/{each['id']}", lambda body: body["status"] == "failed")
    return [
        "/v1/migrations?limit=100",
        "/v1/connections?limit=100",
        "/v1/webhooks",
        "/v1/api-keys",
        f"/v1/api-keys/{key.json['id']}",
        f"/v1/webhooks/{hook.json['id']}/deliveries",
        *(
            f"/v1/migrations/{each}{rest}"
            for each in (done, cancelled)
            for rest in (
                "/plan",
                "/validation",
                "/validation/referential",
                "/certificate",
                "/logs?limit=1000",
            )
        ),
        *(f"/v1/connections/{each['id']}" for each in listed),
        f"/v1/connections/{gone}",
        f"/v1/migrations/{done}",
    ]


async def _answers(client: Client, paths: list[str]) -> dict[str, Any]:
    found = {}
    for path in paths:
        reply = await client.get(path)
        body = reply.json
        body.get("error", {}).pop("request_id", None) if "success" in body else None
        if path.startswith("/v1/migrations/"):
            body.pop("timing", None)
        found[path] = (reply.status, body)
    return found


async def test_projections_built_anew_give_the_same_answers(service: Service):
    client = service.client()
    paths = await _busy(client)
    before = await _answers(client, paths)
    follower = Following(paths[-1].removeprefix("/v1/migrations/"))
    await follower.follow(client)
    await rebuild(service.database, service.log, service.topics, service.codec)
    assert await _answers(client, paths) == before
    again = Following(paths[-1].removeprefix("/v1/migrations/"))
    await again.follow(client)
    assert again.events == follower.events
    # The projector goes on with the new tables.
    made = await client.post("/v1/connections", connection_body("after"))
    shown = await client.get(f"/v1/connections/{made.json['id']}?min_position={made.position}")
    assert shown.status == 200


async def test_everything_can_be_built_from_the_log_after_the_database_is_lost(
    service: Service, postgres_server: PostgresTestServer
):
    client = service.client()
    paths = await _busy(client)
    before = await _answers(client, paths)
    async with (
        Service(
            await postgres_server.create_database(), log=service.log, decide=False, execute=False
        ) as fresh,
    ):
        other = fresh.client()
        last = await client.post("/v1/connections", connection_body("last"))
        assert (await other.get(f"/v1/webhooks?min_position={last.position}")).status == 200
        ends = await service.log.bounds(service.topics.events, range(service.topics.partitions))
        wanted = {("events", partition): bound.end for partition, bound in ends.items()}
        await fresh.positions.wait(wanted, deadline_seconds=10)
        await client.delete(f"/v1/connections/{last.json['id']}")
        await fresh.positions.wait(wanted, deadline_seconds=10)
        for path in paths:
            if "/connections?" not in path:
                assert (await _answers(other, [path]))[path] == before[path], path


MANY = 200
"""More than three rebuilds take; bounded, since all runs on one loop here."""


async def test_rebuilding_while_events_come_loses_none(service: Service):
    client = service.client()
    stop = asyncio.Event()
    made: list[str] = []

    async def write() -> None:
        while not stop.is_set() and len(made) < MANY:
            made.append(await client.connection(f"number {len(made)}"))

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(write())
        for _ in range(3):
            await rebuild(service.database, service.log, service.topics, service.codec)
        stop.set()
        await writing
    last = await client.post("/v1/connections", connection_body("last"))
    for connection_id in made:
        shown = await client.get(f"/v1/connections/{connection_id}?min_position={last.position}")
        if shown.status == 404:  # another partition may be behind still
            await client.until(f"/v1/connections/{connection_id}", lambda _: True)


async def test_two_rebuilds_at_once_are_refused(service: Service):
    pair = [rebuild(service.database, service.log, service.topics, service.codec) for _ in range(2)]
    outcomes = await asyncio.gather(*pair, return_exceptions=True)
    assert sorted(type(each) for each in outcomes if each is not None) == [Misconfigured]


async def test_of_two_projectors_that_both_believe_to_be_alone_one_is_stopped(
    postgres_server: PostgresTestServer,
):
    url = await postgres_server.create_database()
    async with Service(url, project=False) as service:
        client = service.client()
        for number in range(10):
            await client.connection(f"c{number}")
        database = service.database

        async def step(offsets: Offsets, connection: asyncpg.Connection) -> None:
            feed = EventsFeed(service.log, service.topics, service.codec, offsets.positions)
            async with feed:
                await write_batch(connection, feed, offsets, await feed.read())

        async with database.session() as one, database.session() as other:
            first = Offsets("events", "first", database.channel)
            second = Offsets("events", "second", database.channel)
            partitions = range(service.topics.partitions)
            await first.claim(one, partitions)
            await second.claim(other, partitions)
            with pytest.raises(ProjectionTaken):
                await step(first, one)
            assert await one.fetchval("select count(*) from connections") == 0
            await step(second, other)
            assert await one.fetchval("select count(*) from connections") == 10
            # The same batch again, by one who does not know that it is done.
            stale = Offsets("events", "second", database.channel)
            stale.positions = dict.fromkeys(partitions, first.positions[0])
            with pytest.raises(ProjectionTaken):
                await step(stale, one)
            assert await one.fetchval("select count(*) from connections") == 10


async def test_of_several_projectors_one_works_and_another_takes_over_when_it_dies(
    postgres_server: PostgresTestServer,
):
    url = await postgres_server.create_database()
    async with Service(url, project=False) as service:
        client = service.client()
        parts = (service.database, service.log, service.topics, service.codec)
        tasks = [asyncio.create_task(Projector(*parts).run()) for _ in range(2)]
        made = await client.post("/v1/connections", connection_body("one"))
        await client.until(f"/v1/connections/{made.json['id']}", lambda _: True)
        tasks[0].cancel()
        await asyncio.wait([tasks[0]])
        made = await client.post("/v1/connections", connection_body("two"))
        await client.until(f"/v1/connections/{made.json['id']}", lambda _: True)
        tasks[1].cancel()
        await asyncio.wait([tasks[1]])


async def test_projecting_goes_on_after_the_database_was_away(service: Service):
    client = service.client()
    await client.connection("before")
    async with service.database.session() as connection:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    made = await client.post("/v1/connections", connection_body("after"), key="away")
    assert made.status in {201, 503}
    again = await client.post("/v1/connections", connection_body("after"), key="away")
    await client.until(f"/v1/connections/{again.json['id']}", lambda _: True)


@pytest.mark.parametrize("name", ["watch", "projector"])
async def test_who_works_on_the_database_asks_again_while_it_takes_no_connection(name: str):
    asked = 0

    def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        database = Database(Secret(f"postgresql://u@127.0.0.1:{port}/x?sslmode=disable"))
        topics = Topics(partitions=1, task_partitions=1, telemetry_partitions=1)
        works = {
            "watch": PositionWatch(database, ProjectedPositions()).run,
            "projector": Projector(database, InMemoryLog(), topics, Codec(AGGREGATES)).run,
        }
        working = asyncio.create_task(works[name]())
        async with asyncio.timeout(10):
            while asked < 3 and not working.done():  # ruff: ignore[async-busy-wait]  # it tells nobody
                await asyncio.sleep(0.02)
        assert not working.done()
        working.cancel()
        await asyncio.wait([working])


async def test_an_event_that_cannot_be_read_stops_its_own_aggregate_only(service: Service):
    client = service.client()
    broken = await client.connection("broken")
    partition = service.topics.partition_of("org_default", broken)
    records = service.log.records(service.topics.events, partition)
    whole = next(
        record
        for record in reversed(records)
        if dict(record.headers).get("ce_subject") == broken.encode()
    )
    # As a newer version would write it, in its right place.
    headers = dict(whole.headers) | {
        "ce_type": b"connection.renamed.v9",
        "ce_position": str(len(records)).encode(),
        "ce_sequence": str(int(dict(whole.headers)["ce_sequence"]) + 1).encode(),
        "ce_index": b"0",
        "ce_count": b"1",
    }
    odd = OutgoingRecord(whole.key or b"", b"{}", tuple(headers.items()))
    await service.log.append(service.topics.events, partition, [odd])
    made = await client.post("/v1/webhooks", {"url": "https://example.com", "events": ["*"]})
    assert made.status == 201
    shown = await client.get(f"/v1/webhooks/{made.json['id']}?min_position={made.position}")
    assert shown.status == 200
    async with service.database.session() as connection:
        found = await _until_found(connection, "select aggregate_id from quarantined")
    assert found == broken


async def _until_found(connection: asyncpg.Connection, statement: str) -> object:
    async with asyncio.timeout(10):
        while True:
            found = await connection.fetchval(statement)
            if found is not None:
                return found
            await asyncio.sleep(0.02)


async def test_telemetry_that_cannot_be_read_is_left_out(service: Service):
    client = service.client()
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    for partition in range(service.topics.telemetry_partitions):
        for value in (b"", b"{", b"[]", b"\xff", b"[" * 100_000):
            record = OutgoingRecord(b"k", value, ())
            await service.log.send(service.topics.telemetry, partition, record)
    await service.say(migration_id, "after \0 the flood")
    page = await client.until(
        f"/v1/migrations/{migration_id}/logs",
        lambda body: "after \0 the flood" in {line["message"] for line in body["data"]},
    )
    assert page


async def test_the_schema_is_applied_once_and_a_changed_step_is_refused(
    postgres_server: PostgresTestServer,
):
    database = Database(Secret(await postgres_server.create_database()))
    steps = (SchemaStep(1, "0001_a.sql", "create table a (id int)"),)
    async with database.session() as one, database.session() as other:
        await asyncio.gather(apply_schema(one, "s", steps), apply_schema(other, "s", steps))
        more = (*steps, SchemaStep(2, "0002_b.sql", "create table b (id int)"))
        await apply_schema(one, "s", more)
        assert await one.fetchval("select count(*) from s.schema_steps") == 2
        changed = (SchemaStep(1, "0001_a.sql", "create table a (id bigint)"), more[1])
        with pytest.raises(Misconfigured, match="another text"):
            await apply_schema(one, "s", changed)
        with pytest.raises(Misconfigured, match="newer version"):
            await apply_schema(one, "s", steps)


def test_schema_steps_are_numbered_without_a_gap():
    assert [step.number for step in schema_steps()] == list(range(1, len(schema_steps()) + 1))


async def test_projections_of_another_journal_are_refused_and_can_be_rebuilt(
    postgres_server: PostgresTestServer,
):
    url = await postgres_server.create_database()
    async with Service(url) as service:
        made = await service.client().post("/v1/connections", connection_body("other journal"))
        await service.client().get(f"/v1/connections?min_position={made.position}")
    async with Service(url, project=False) as fresh:
        await fresh.client().get("/v1/connections")
        ended = await asyncio.gather(fresh.projector.run(), return_exceptions=True)
        assert isinstance(ended[0], BaseExceptionGroup)
        assert ended[0].subgroup(ProjectionsAhead) is not None
        await fresh.rebuild()
        assert (await fresh.client().get("/v1/connections")).json["data"] == []
