"""When there is a map of ids, and in which types."""

from tests.contract.test_namespace_migrations import ALL, asked, created, in_status
from tests.support.api.client import Client
from tests.support.api.service import Service

JSON_LINES = "application/x-ndjson"


async def test_there_is_a_map_once_a_migration_was_started(
    service: Service, client: Client
) -> None:
    migration_id = await created(client)
    path = f"{ALL}/{migration_id}/id-map"
    early = await client.get(path)
    assert (early.status, early.json["error"]["code"]) == (400, "invalid_state")
    await asked(client, "POST", f"{ALL}/{migration_id}/start", {})
    await in_status(client, migration_id, "completed")
    # What the model executors have moved was never in a store.
    gone = await client.get(path)
    assert (gone.status, gone.json["error"]["code"]) == (400, "source_gone")
    unknown = await client.get(f"{ALL}/nmig_{'0' * 32}/id-map")
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "namespace_migration_not_found")


async def test_a_client_that_takes_neither_type_is_told_so(
    service: Service, client: Client
) -> None:
    migration_id = await created(client)
    await asked(client, "POST", f"{ALL}/{migration_id}/start", {})
    await in_status(client, migration_id, "completed")
    path = f"{ALL}/{migration_id}/id-map"
    for accept, status in (
        ("application/json", 406),
        ("text/html", 406),
        ("text/csv;q=0", 406),
        ("text/*", 200),
        ("text/csv, application/x-ndjson;q=0.5", 200),
    ):
        reply = await client.send("HEAD", path, headers={"Accept": accept})
        assert reply.status == status, accept
    head = await client.send("HEAD", path)
    assert head.headers["Content-Type"] == JSON_LINES
    assert not head.text
