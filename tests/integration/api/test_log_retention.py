from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from servers import PostgresTestServer
from sterna_api.projections.log_retention import LogRetention
from sterna_core.clock import system_clock
from support.api.service import Service

DAYS = 90


@pytest.fixture
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    async with Service(await postgres_server.create_database()) as running:
        yield running


async def test_lines_of_executors_are_kept_as_long_as_promised_and_those_of_events_for_ever(
    service: Service,
) -> None:
    client = service.client()
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    await service.say(migration_id, "one", "two")
    shown = f"/v1/migrations/{migration_id}/logs?limit=100&level=debug"
    before = await client.until(
        shown, lambda body: {"one", "two"} <= {line["message"] for line in body["data"]}
    )

    def after(days: int) -> LogRetention:
        return LogRetention(service.database, DAYS, lambda: system_clock() + timedelta(days=days))

    assert await after(DAYS - 1).forget() == 0
    assert await after(DAYS + 1).forget() == 2

    left = [line["message"] for line in (await client.get(shown)).json["data"]]
    assert left == [
        line["message"] for line in before["data"] if line["message"] not in {"one", "two"}
    ]
    assert left
