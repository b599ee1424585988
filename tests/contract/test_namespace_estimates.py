"""What `/validate` and a dry run say of a migration, and that they write nothing."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest
from tests.contract.test_namespace_migrations import ALL, asked, config, namespace
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service

_TABLES = """
select pg_catalog.format('%I.%I', schemaname, tablename) as name from pg_catalog.pg_tables
where schemaname not in ('pg_catalog', 'information_schema') order by 1
"""
_PLAIN: dict[str, dict[str, Any]] = {"collections/col_1": {}}


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """A service where nobody else writes anything."""
    async with Service(await postgres_server.create_database()) as running:
        yield running


async def filled(client: Client, texts: list[str]) -> str:
    name = await namespace(client, _PLAIN)
    lines = [
        msgspec.json.encode(
            {"document_id": f"doc_{number}", "collection_id": "col_1", "payload": {"text": text}}
        )
        for number, text in enumerate(texts)
    ]
    reply = await client.post(
        f"/v1/namespaces/{name}/documents",
        raw=b"\n".join(lines),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert reply.status == 200, reply.text
    return name


def re_extract(source: str, **more: Any) -> dict[str, Any]:
    extractors = [{"feature_extractor_name": "hashing", "parameters": {"dimension": 64}}]
    return config(source, migration_type="re_extract", feature_extractors=extractors, **more)


async def everything(service: Service) -> dict[str, int]:
    """Count the rows of every table and the records of every topic."""
    found = {}
    async with service.database.session() as connection:
        for (name,) in await connection.fetch(_TABLES):
            found[name] = await _rows(connection, name)
    topics = service.topics
    for topic in (topics.events, topics.tasks):
        records = [
            record
            for partition in range(topics.partitions)
            for record in service.log.records(topic, partition)
        ]
        # What names say to each other by timers has nothing to do with it.
        found[topic] = sum(b"/ns_" in each.key or b"nmig_" in each.key for each in records)
    return found


async def _rows(connection: Any, name: str) -> int:
    assert isinstance(connection, asyncpg.Connection | asyncpg.pool.PoolConnectionProxy)
    # The name is quoted by the server itself.
    return int(await connection.fetchval(f"select pg_catalog.count(*) from {name}"))


async def test_a_validation_counts_samples_and_times_and_writes_nothing(
    service: Service, client: Client
) -> None:
    source = await filled(client, ["a kettle of copper"] * 40)
    await service.caught_up()
    before = await everything(service)
    reply = await asked(client, "POST", f"{ALL}/validate", re_extract(source))
    assert reply.status == 200, reply.text
    assert await everything(service) == before
    found = reply.json["validation_result"]
    assert isinstance(found["estimated_duration_seconds"], int)
    estimates = found["estimates"]
    assert estimates["documents"] == {"count": 40, "exact": True}
    assert estimates["counts"] == {"col_1": {"count": 40, "exact": True}}
    assert estimates["tokens"] == {"value": 200, "low": 200, "high": 200}
    assert estimates["cost_usd"]["value"] == 0
    assert (estimates["sample"]["documents"], estimates["sample"]["embedded"]) == (40, 40)
    assert estimates["embedding_seconds"]["value"] > 0
    assert estimates["duration_seconds"]["high"] >= estimates["duration_seconds"]["low"] > 0


async def test_a_dry_run_has_its_figures_and_a_start_of_it_measures_anew(
    service: Service, client: Client
) -> None:
    source = await filled(client, ["a kettle"])
    made = await asked(client, "POST", f"{ALL}/", config(source, dry_run=True))
    assert made.json["validation_result"]["estimates"]["documents"]["count"] == 1
    one = f"{ALL}/{made.json['migration_id']}"
    line = {"document_id": "doc_9", "collection_id": "col_1", "payload": {}}
    more = await client.post(
        f"/v1/namespaces/{source}/documents",
        raw=msgspec.json.encode(line),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert more.status == 200
    refused = await asked(client, "POST", f"{one}/start", {"force": True})
    assert (refused.status, refused.json["error"]["code"]) == (400, "dry_run")
    await service.caught_up()
    shown = (await asked(client, "GET", one)).json
    assert shown["status"] == "draft"
    assert shown["validation_result"]["estimates"]["documents"]["count"] == 2


async def test_what_is_warned_of_at_the_creation_stands_against_the_start(client: Client) -> None:
    source = await filled(client, ["", "!", "a text"])
    found = await asked(client, "POST", f"{ALL}/validate", re_extract(source))
    warned = [each["type"] for each in found.json["validation_result"]["warnings"]]
    assert "texts_rejected" in warned
    empty = await asked(client, "POST", f"{ALL}/validate", config(await namespace(client, _PLAIN)))
    result = empty.json["validation_result"]
    assert result["warnings"] == []
    assert [each["type"] for each in result["estimates"]["notes"]] == ["source_empty"]
