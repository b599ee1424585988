"""What is to be read of a migration of a namespace while it goes, and afterwards."""

import asyncio
from typing import Any

import pytest
from tests.contract.test_namespace_migrations import ALL, asked, created, in_status
from tests.support.api.client import Client
from tests.support.api.follower import Following
from tests.support.api.service import Service

from sterna_core.namespace_migration.progress import STAGES
from sterna_core.tasks import namespace_work as wk


async def completed(client: Client) -> str:
    migration_id = await created(client)
    await asked(client, "POST", f"{ALL}/{migration_id}/start", {})
    await in_status(client, migration_id, "completed")
    return migration_id


async def lines_of(client: Client, migration_id: str, query: str = "") -> list[Any]:
    reply = await client.get(f"{ALL}/{migration_id}/logs?limit=1000{query}")
    assert reply.status == 200, reply.text
    return reply.json["data"]  # type: ignore[no-any-return]


async def test_the_log_tells_every_stage_and_every_batch_of_it(
    service: Service, client: Client
) -> None:
    migration_id = await completed(client)
    lines = await lines_of(client, migration_id)
    told = [each["message"] for each in lines]
    assert told[0].startswith("Migration created: space_")
    assert told[-1] == "Completed: 12 documents, compared and equal"
    begun = [each for each in told if each.startswith("Stage started: ")]
    assert [each.split(": ")[1].split(",")[0] for each in begun] == list(STAGES)
    batches = [each for each in lines if each["message"].startswith("Batch ")]
    assert {each["phase"] for each in batches} == {"batch_processing"}
    assert {each["resource"] for each in batches} == {"bkt_1", "col_1"}
    assert sorted(each["message"] for each in batches if each["resource"] == "col_1") == [
        f"Batch {number}/3 complete" for number in (1, 2, 3)
    ]
    assert {each["records"] for each in batches} == {2}


async def test_the_log_is_filtered_as_that_of_a_database_is(
    service: Service, client: Client
) -> None:
    migration_id = await completed(client)
    one = f"{ALL}/{migration_id}/logs"
    of_stage = await lines_of(client, migration_id, "&phase=batch_creation")
    assert {each["phase"] for each in of_stage} == {"batch_creation"}
    lines = await lines_of(client, migration_id)
    assert await lines_of(client, migration_id, "&level=error") == []
    later = (await client.get(f"{one}?since={lines[3]['timestamp']}")).json["data"]
    assert later
    assert all(each["timestamp"] > lines[3]["timestamp"] for each in later)
    assert (await client.get(f"{one}?limit=2")).json["data"] == lines[-2:]
    for wrong in ("limit=0", "level=loud", "phase=data_transfer", "since=then", "what=1"):
        assert (await client.get(f"{one}?{wrong}")).status == 422, wrong
    refused = await client.get(f"{one}?follow=true", headers={"Last-Event-ID": "x"})
    assert refused.status == 422


async def test_a_stream_that_is_cut_off_goes_on_where_it_was(
    service: Service, client: Client
) -> None:
    migration_id = await created(client)
    following = Following(migration_id, all_of_kind=ALL)
    live = asyncio.create_task(following.follow(client, limit=6))
    await asked(client, "POST", f"{ALL}/{migration_id}/start", {})
    assert await live is False
    while not await following.follow(client, limit=5):
        pass
    kinds = {each.kind for each in following.events}
    assert kinds == {"log", "progress", "end"}
    assert following.lines[-1] == {"status": "completed"}
    stored = await lines_of(client, migration_id)
    assert following.messages == [each["message"] for each in stored]
    assert len({each.event_id for each in following.events}) == len(following.events)
    progress = [each["percent"] for each in following.lines if "percent" in each]
    assert len(progress) == 6
    assert progress == sorted(progress)
    assert progress[-1] == pytest.approx(100)
    assert await following.follow(client) is True
    assert following.status == 204


async def test_the_stream_of_a_cancelled_migration_ends_when_nothing_writes_any_more(
    service: Service, client: Client
) -> None:
    migration_id = await created(client)
    one = f"{ALL}/{migration_id}"
    following = Following(migration_id, all_of_kind=ALL)
    service.executors.silent.add(wk.MoveBatch)
    await asked(client, "POST", f"{one}/start", {})
    live = asyncio.create_task(following.follow(client))
    await asked(client, "POST", f"{one}/cancel", {})
    assert await live is True
    assert following.messages[-1] == "Migration cancelled: nothing writes to the target any more"
    assert following.lines[-1] == {"status": "cancelled"}


async def test_figures_are_those_of_a_databases_migration_collection_by_collection(
    service: Service, client: Client
) -> None:
    migration_id = await completed(client)
    await service.use(migration_id, "exe_1", 3, 50.0)
    at_work = await client.until(
        f"{ALL}/{migration_id}/metrics", lambda body: body["resources"]["active_workers"] > 0
    )
    assert at_work["resources"] == {
        "active_workers": 3,
        "cpu_utilization_percent": 50.0,
        "memory_utilization_percent": 10.0,
        "network_utilization_percent": None,
    }
    shown = (await client.get(f"{ALL}/{migration_id}/metrics")).json
    assert set(shown["throughput"]) == {
        "current_records_per_second",
        "average_records_per_second",
        "peak_records_per_second",
        "current_bytes_per_second",
        "current_bytes_per_second_exact",
    }
    assert shown["throughput"]["current_records_per_second"] == 0
    assert shown["throughput"]["peak_records_per_second"] > 0
    assert shown["quality"] == {
        "error_rate_percent": 0.0,
        "validation_pass_rate_percent": None,
        "documents_set_aside": 0,
        "documents_compared": 0,
    }
    assert [each["collection"] for each in shown["by_collection"]] == ["bkt_1", "col_1"]
    one = shown["by_collection"][1]
    assert (one["records_total"], one["records_processed"], one["errors"]) == (6, 6, 0)
    assert (one["batches_total"], one["batches_moved"]) == (3, 3)


async def test_a_migration_that_is_deleted_leaves_no_log_and_no_figures(
    service: Service, client: Client
) -> None:
    migration_id = await completed(client)
    one = f"{ALL}/{migration_id}"
    assert await lines_of(client, migration_id)
    assert (await client.delete(one)).status == 204
    for what in ("logs", "metrics", "logs?follow=true"):
        gone = await client.get(f"{one}/{what}")
        assert (gone.status, gone.json["error"]["code"]) == (404, "namespace_migration_not_found")
