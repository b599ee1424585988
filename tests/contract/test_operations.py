from tests.support.api.service import Service

from sterna_api.openapi.table import OPERATIONS


async def test_every_route_is_in_the_table_of_operations_and_nothing_else_is(service: Service):
    routes = set()
    for route in service.app.router.routes():
        assert route.resource is not None
        if route.method != "HEAD":
            routes.add((route.method, route.resource.canonical))
    assert routes == {operation.key for operation in OPERATIONS}


async def test_the_document_is_served_without_a_key(service: Service):
    anonymous = service.client(key=None)
    first = await anonymous.get("/v1/openapi.json")
    assert first.status == 200
    assert first.json["openapi"] == "3.1.0"
    assert (await anonymous.get("/openapi.json")).json == first.json
