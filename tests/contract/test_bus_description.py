from tests.support.api.service import Service


async def test_the_description_of_the_bus_is_served_without_a_key(service: Service):
    answer = await service.client(key=None).get("/v1/asyncapi.json")

    assert answer.status == 200
    assert answer.json["asyncapi"] == "3.0.0"


async def test_the_schema_of_each_type_of_event_is_served(service: Service):
    client = service.client()
    types = (await client.get("/v1/event-types")).json["data"]

    schema = await client.get("/v1/event-types/migration.completed.v1")

    assert "migration.completed.v1" in types
    assert schema.status == 200
    assert schema.json["$id"] == "/v1/event-types/migration.completed.v1"


async def test_a_type_of_event_that_there_is_not_is_not_found(service: Service):
    answer = await service.client().get("/v1/event-types/migration.exploded.v1")

    assert answer.status == 404
    assert answer.json["error"]["code"] == "event_type_not_found"
