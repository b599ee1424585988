from tests.support.api.client import Client


async def test_a_migration_goes_from_creation_to_completion_over_the_interface(client: Client):
    migration_id = await client.migration()
    planned = await client.in_status(migration_id, "approved")
    assert planned["plan"]["status"] == "approved"
    started = await client.post(f"/v1/migrations/{migration_id}/start")
    assert started.status == 200
    assert started.json["status"] == "running"
    assert started.json["phase"] == "schema_migration"
    done = await client.in_status(migration_id, "completed")
    assert done["progress"]["overall_percent"] == 100
