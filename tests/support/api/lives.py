"""Migrations that have come somewhere, on a service with model executors."""

from typing import Any

from tests.support.api.client import Client
from tests.support.api.service import Service


async def paused(service: Service, client: Client, **fields: Any) -> str:
    """Start a migration and have it paused."""
    migration_id = await client.migration(**fields)
    await client.in_status(migration_id, "approved")
    service.executors.working.clear()
    try:
        await client.post(f"/v1/migrations/{migration_id}/start")
        await client.post(f"/v1/migrations/{migration_id}/pause")
    finally:
        service.executors.working.set()
    await client.in_status(migration_id, "paused")
    return migration_id


async def refused(service: Service, client: Client, *, orders: int = 1, **fields: Any) -> str:
    """Start a migration whose target refuses some rows; wait until only these are left."""
    migration_id = await client.migration(**fields)
    await client.in_status(migration_id, "approved")
    service.executors.world(migration_id).refused["public.orders"] = set(range(orders))
    await client.post(f"/v1/migrations/{migration_id}/start")
    waiting = await client.in_status(migration_id, "paused")
    assert waiting["error"]["code"] == "errors_escalated"
    assert waiting["phase"] == "validation"
    return migration_id


async def the_error(client: Client, migration_id: str, query: str = "") -> Any:
    reply = await client.get(f"/v1/migrations/{migration_id}/errors{query}")
    assert reply.status == 200, reply.text
    (error,) = reply.json["data"]
    return error


async def follower(client: Client, **incremental: Any) -> str:
    """Make a migration that has brought its target up to date once; gives its id."""
    options = {"mode": "incremental", "incremental": {"interval_seconds": 1, **incremental}}
    migration_id = await client.migration(options=options)
    await client.in_status(migration_id, "approved")
    started = await client.post(f"/v1/migrations/{migration_id}/start", {})
    assert started.status == 200
    await client.until(
        f"/v1/migrations/{migration_id}/lag", lambda body: body["passes"]["finished"] >= 1
    )
    return migration_id
