"""What a schedule wants follows from the journal, so it outlives whoever keeps it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers import PostgresTestServer
from tests.support.api.service import Service

from sterna_core.journal.memory import InMemoryLog


def successor(former: Service, database: str, **parts: Any) -> Service:
    """A service that comes after another; the executors' databases are what they were."""
    following = Service(database, **parts)
    following.executors.worlds = former.executors.worlds
    return following


async def test_a_migration_that_waits_for_another_starts_after_its_owner_was_replaced(
    postgres_server: PostgresTestServer,
) -> None:
    database, log = await postgres_server.create_database(), InMemoryLog()
    async with Service(database, log=log) as first:
        client = first.client()
        awaited = await client.migration()
        waiting = await client.migration(schedule={"wait_for": [{"migration_id": awaited}]})
        await client.in_status(awaited, "approved")
        await client.in_status(waiting, "approved")
    async with successor(first, database, log=log) as second:
        client = second.client()
        assert (await client.post(f"/v1/migrations/{awaited}/start")).status == 200
        await client.in_status(waiting, "completed")
    async with successor(second, database, log=log) as third:
        shown = (await third.client().get(f"/v1/migrations/{waiting}/schedule")).json
        assert shown["wait_for"][0]["met"]


async def test_a_recurrence_makes_one_migration_for_one_moment_whoever_fires_it(
    postgres_server: PostgresTestServer,
) -> None:
    moment = datetime(2026, 5, 1, 1, 59, 50, tzinfo=UTC)
    began = datetime.now(UTC)

    def clock() -> datetime:
        return moment + (datetime.now(UTC) - began)

    database, log = await postgres_server.create_database(), InMemoryLog()
    async with Service(database, log=log, clock=clock) as first:
        client = first.client()
        pattern = await client.migration(schedule={"recurring": {"cron": "0 2 * * *"}})
        await client.in_status(pattern, "approved")
        moment += timedelta(seconds=30)
        path = f"/v1/migrations/{pattern}/schedule"
        fired = await client.until(path, lambda shown: shown["recurring"]["last_migration_id"])
        child = fired["recurring"]["last_migration_id"]
        await client.until("/v1/migrations", lambda page: len(page["data"]) == 2)
    async with successor(first, database, log=log, clock=clock) as second:
        client = second.client()
        await client.in_status(child, "completed")
        listed = (await client.get("/v1/migrations")).json["data"]
        assert {each["id"] for each in listed} == {pattern, child}
        shown = (await client.get(f"/v1/migrations/{child}/schedule")).json
        assert shown["made_by"] == pattern
        again = (await client.get(f"/v1/migrations/{pattern}/schedule")).json
        assert again["recurring"]["next_at"] == "2026-05-02T02:00:00Z"
