"""A migration in two nights: real servers, and a clock that nobody waits for."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.installation import MovableClock, installation

from support.faults import pgbench
from support.faults.trial import endpoint

pytestmark = pytest.mark.xdist_group("main_job")

OVER_SECONDS = 180.0
NIGHT = {"start": "02:00", "end": "06:00", "timezone": "America/New_York"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def connection(client: Client, url: str) -> str:
    reply = await client.post("/v1/connections", {**endpoint(url), "role": "both"})
    assert reply.status == 201, reply.text
    identifier: str = reply.json["id"]
    return identifier


async def lines(client: Client, migration_id: str) -> list[str]:
    reply = await client.get(f"/v1/migrations/{migration_id}/logs?limit=1000")
    return [line["message"] for line in reply.json["data"]]


async def test_a_migration_pauses_at_the_end_of_its_window_and_completes_in_the_next(
    kafka_bootstrap: str,
    postgres_server: PostgresTestServer,
    source_database: str,
    target_database: str,
) -> None:
    await pgbench.make_tables(source_database, 1)
    # 2026-03-08, when the clocks of New York are put forward: the window is 07:00 to 10:00 UTC,
    # and the one before it 07:00 to 11:00.
    clock = MovableClock(at("2026-03-07T10:30:00"))
    database = await postgres_server.create_database()
    async with installation(kafka_bootstrap, database, clock) as client:
        migration_id = await client.migration_between(
            await connection(client, source_database),
            await connection(client, target_database),
            options={"parallelism": 1, "batch_size": 2_500},
            schedule={"start_at": "2026-03-07T08:00:00Z", "maintenance_window": NIGHT},
        )
        path = f"/v1/migrations/{migration_id}"

        def has_begun(body: Any) -> bool:
            return body["metrics"]["records_processed"] >= 5_000

        await client.until(path, has_begun)
        clock.put_to(at("2026-03-07T10:59:40"))
        paused = await client.in_status(migration_id, "paused")
        assert paused["metrics"]["records_processed"] < 100_000
        shown = (await client.get(f"{path}/schedule")).json
        assert shown["paused_by_schedule"]

        clock.put_to(at("2026-03-08T06:59:30"))
        await changed_meanwhile(source_database)
        still = (await client.get(path)).json
        assert still["status"] == "paused"
        assert still["metrics"]["records_processed"] == paused["metrics"]["records_processed"]
        shown = (await client.get(f"{path}/schedule")).json
        assert not shown["in_window"]
        assert shown["window_opens_at"] == "2026-03-08T07:00:00Z"
        assert shown["window_closes_at"] == "2026-03-08T10:00:00Z"

        clock.put_to(at("2026-03-08T07:00:00"))
        await client.in_status(migration_id, "completed", patience_seconds=OVER_SECONDS)
        told = await lines(client, migration_id)

    assert await pgbench.contents(target_database) == await pgbench.contents(source_database)
    assert "The maintenance window ends at 2026-03-07T11:00:00+00:00: pausing" in told
    assert told.index("Migration paused") < told.index("Migration resumed")


async def changed_meanwhile(url: str) -> None:
    """Let the source go on while the migration rests."""
    held = await asyncpg.connect(url)
    try:
        await held.execute("update pgbench_accounts set abalance = 7 where aid % 1000 = 0")
        await held.execute("delete from pgbench_accounts where aid % 5000 = 1")
    finally:
        await held.close()
