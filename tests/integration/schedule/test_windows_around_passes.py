"""A target that is kept up to date at night only: real servers, and a clock that nobody waits for."""

from typing import Any

import pytest
from tests.integration.schedule.test_maintenance_window import NIGHT, at, connection
from tests.integration.schema.migration import fetch, run_sql
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.installation import MovableClock, installation

pytestmark = pytest.mark.xdist_group("main_job")


async def words(url: str) -> list[tuple[int, str]]:
    rows = await fetch(url, "select id, word from public.words order by id")
    return [(row["id"], row["word"]) for row in rows]


async def passed(client: Client, path: str, number: int) -> int:
    """Wait until so many passes have ended; gives how many have."""

    def has_passed(body: Any) -> bool:
        return bool(body["passes"]["finished"] >= number and not body["passes"]["at_work"])

    lag = await client.until(f"{path}/lag", has_passed)
    finished: int = lag["passes"]["finished"]
    return finished


async def test_no_pass_begins_outside_the_window_and_the_next_one_brings_what_was_missed(
    kafka_bootstrap: str,
    postgres_server: PostgresTestServer,
    source_database: str,
    target_database: str,
) -> None:
    await run_sql(
        source_database,
        "create table public.words (id int primary key, word text);"
        "insert into public.words select n, 'word ' || n from generate_series(1, 100) as n",
    )
    # The windows of New York are 07:00 to 11:00 UTC on the first night, and 10:00 on the second.
    clock = MovableClock(at("2026-03-07T10:30:00"))
    database = await postgres_server.create_database()
    async with installation(kafka_bootstrap, database, clock) as client:
        migration_id = await client.migration_between(
            await connection(client, source_database),
            await connection(client, target_database),
            options={"mode": "incremental", "incremental": {"interval_seconds": 7_200}},
            schedule={"start_at": "2026-03-07T08:00:00Z", "maintenance_window": NIGHT},
        )
        path = f"/v1/migrations/{migration_id}"
        first = await passed(client, path, 1)

        clock.put_to(at("2026-03-07T10:59:40"))
        await client.in_status(migration_id, "paused")
        assert (await client.get(f"{path}/schedule")).json["paused_by_schedule"]
        during = await passed(client, path, first)
        await run_sql(
            source_database,
            "update public.words set word = 'changed' where id = 5;"
            "delete from public.words where id = 6;"
            "insert into public.words values (101, 'new')",
        )
        clock.put_to(at("2026-03-08T06:59:30"))
        lag = (await client.get(f"{path}/lag")).json
        assert (lag["status"], lag["passes"]["finished"]) == ("paused", during)
        assert lag["lag"]["seconds"] > 19 * 3600
        assert lag["estimated_catch_up"] is None

        clock.put_to(at("2026-03-08T07:00:00"))
        await passed(client, path, during + 1)
        assert await words(target_database) == await words(source_database)

        assert (await client.post(f"{path}/stop", {})).status == 200
        await client.in_status(migration_id, "completed", patience_seconds=60.0)

    assert await words(target_database) == await words(source_database)
