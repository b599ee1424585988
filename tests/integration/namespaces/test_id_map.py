"""What the map of ids says, held against the target."""

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.integration.namespaces.test_copy import (
    ALL,
    DOCUMENTS,
    document,
    documents_of,
    ended,
    executing,
    filled,
    started,
    upload,
)
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service

from sterna_core.namespace_store.span import PAGE_ROWS


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """A service whose executors are real."""
    url = await postgres_server.create_database()
    async with Service(url, execute=False) as running:
        yield running


async def mapped(client: Client, migration_id: str) -> list[dict[str, Any]]:
    reply = await client.get(f"{ALL}/{migration_id}/id-map")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/x-ndjson")
    return [msgspec.json.decode(line) for line in reply.text.splitlines()]


async def test_the_map_is_what_became_of_ids(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    async with executing(service):
        migration_id = await started(client, source)
        done = await ended(client, migration_id)
    assert done["status"] == "completed", done["error_message"]
    await service.caught_up()
    target = done["additional_data"]["target_namespace_id"]
    lines = await mapped(client, migration_id)
    assert lines[0] == {"kind": "namespace", "old": source, "new": target}
    for each in lines[1:6]:
        path = f"/v1/namespaces/{target}/{each['kind'].replace('taxonomy', 'taxonomie')}s"
        assert (await client.get(f"{path}/{each['new']}")).status == 200, each
    new = {each["old"]: each["new"] for each in lines if each["kind"] == "document"}
    found = await documents_of(client, target)
    assert {new[document(each["payload"]["number"])["document_id"]] for each in found} == {
        each["document_id"] for each in found
    }
    assert len(new) == len(found) == len(lines) - 6
    assert {each["collection"] for each in lines[6:]} == {"col_1"}


async def test_a_map_of_many_pages_is_whole_and_the_same_as_a_table(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    many = 2 * PAGE_ROWS + 7
    strange = {**document(0), "document_id": 'a "strange", one'}
    documents = [strange, *(document(number) for number in range(many))]
    await upload(client, f"/v1/namespaces/{source}/documents", documents)
    migration_id = await started(client, source, preserve_resource_ids=False)
    lines = await mapped(client, migration_id)  # nobody has begun yet
    of_documents = [each for each in lines if each["kind"] == "document"]
    assert len({each["old"] for each in of_documents}) == many + 1
    assert len({each["new"] for each in of_documents}) == many + 1
    table = await client.send("GET", f"{ALL}/{migration_id}/id-map", headers={"Accept": "text/csv"})
    assert table.headers["Content-Type"] == "text/csv"
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert rows == [{"collection": "", **each} for each in lines]


async def test_only_documents_that_are_wanted_by_their_date_have_a_line(service: Service) -> None:
    client = service.client()
    source = await filled(client)
    path = f"/v1/namespaces/{source}/collections/col_2"
    definition = {"source": {"type": "bucket", "bucket_ids": ["bkt_1"]}}
    await client.send("PUT", path, {"definition": definition})
    dated = [
        {
            **document(number),
            "document_id": f"dated_{number}",
            "collection_id": "col_2",
            "payload": {"created_at": f"2026-01-{number:02}"},
        }
        for number in range(1, 31)
    ]
    await upload(client, f"/v1/namespaces/{source}/documents", dated)
    filters = {"date_range": {"after": "2026-01-21"}}
    migration_id = await started(client, source, filters=filters)
    lines = await mapped(client, migration_id)
    counts = Counter(each["collection"] for each in lines if each["kind"] == "document")
    assert counts == {"col_1": DOCUMENTS, "col_2": 10}, "those of labels go along whole"
