from typing import Any

import pytest
from tests.support.api.client import Client
from tests.support.api.lives import refused, the_error
from tests.support.api.service import Service

from sterna_core.ids import random_id


@pytest.fixture
async def waiting(service: Service, client: Client) -> str:
    return await refused(service, client)


async def test_refused_rows_are_listed_by_class_table_and_reason_without_contents(
    service: Service, client: Client
):
    migration_id = await refused(service, client)
    error = await the_error(client, migration_id)
    assert error["status"] == "escalated"
    assert (error["class"], error["code"], error["sqlstate"]) == (
        "constraint",
        "data_rejected",
        "23514",
    )
    assert (error["table"], error["rows"], error["rows_left"]) == ("public.orders", 1, 1)
    assert error["message"] == "a check of the target does not hold"
    one = await client.get(f"/v1/migrations/{migration_id}/errors/{error['id']}")
    assert one.json == error
    shown = await client.get(f"/v1/migrations/{migration_id}")
    assert shown.json["metrics"]["errors_escalated"] == 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?status=escalated", 1),
        ("?status=resolved", 0),
        ("?status=open", 0),
        ("?status=recovered", 0),
        ("?class=constraint&table=public.orders", 1),
        ("?class=encoding", 0),
        ("?table=public.customers", 0),
        ("?limit=1&offset=1", 0),
    ],
)
async def test_errors_are_filtered_and_paged(
    service: Service, client: Client, query: str, count: int
):
    migration_id = await refused(service, client)
    reply = await client.get(f"/v1/migrations/{migration_id}/errors{query}")
    assert reply.status == 200
    assert len(reply.json["data"]) == count


async def test_what_is_skipped_is_resolved_and_an_exception_of_the_completed_migration(
    service: Service, client: Client
):
    migration_id = await refused(service, client)
    error = await the_error(client, migration_id)
    path = f"/v1/migrations/{migration_id}/errors/{error['id']}"
    body = {"resolution": "skip", "reason": "not wanted"}
    reply = await client.post(f"{path}/resolve", body, key=f"skip-{migration_id}")
    assert reply.status == 200, reply.text
    assert (reply.json["status"], reply.json["resolution"]) == ("resolved", "skip")
    done = await client.in_status(migration_id, "completed")
    (exception,) = done["exceptions"]
    assert (exception["error_id"], exception["rows"]) == (error["id"], 1)
    assert (exception["table"], exception["reason"]) == ("public.orders", "not wanted")
    after = (await client.get(path)).json
    assert (after["status"], after["resolution"]) == ("resolved", "skip")
    assert (after["reason"], after["rows_left"]) == ("not wanted", 1)
    again = await client.post(f"{path}/resolve", body, key=f"skip-{migration_id}")
    assert again.status == 200
    late = await client.post(f"{path}/retry")
    assert (late.status, late.json["error"]["code"]) == (409, "invalid_state")


async def test_what_is_retried_after_the_target_was_put_right_arrives(
    service: Service, client: Client
):
    migration_id = await refused(service, client)
    error = await the_error(client, migration_id)
    path = f"/v1/migrations/{migration_id}/errors/{error['id']}"
    service.executors.world(migration_id).refused["public.orders"] = set()
    reply = await client.post(f"{path}/retry", {"reason": "the check is gone"})
    assert reply.status == 200, reply.text
    assert reply.json["migration_status"] in {"running", "validating", "completed"}
    done = await client.in_status(migration_id, "completed")
    assert done["exceptions"] == []
    after = (await client.get(path)).json
    assert (after["status"], after["resolution"], after["rows_left"]) == ("resolved", "retry", 0)


async def test_what_is_refused_again_waits_again_and_can_be_left_to_others(
    service: Service, client: Client
):
    migration_id = await refused(service, client)
    error = await the_error(client, migration_id)
    path = f"/v1/migrations/{migration_id}/errors/{error['id']}"
    assert (await client.post(f"{path}/retry")).status == 200
    again = await client.until(path, lambda body: body["attempts"] == 2)
    assert again["status"] == "escalated"
    await client.in_status(migration_id, "paused")
    kept = await client.post(f"{path}/resolve", {"resolution": "escalate", "reason": "ask Ada"})
    assert (kept.status, kept.json["status"]) == (200, "escalated")
    assert (await client.get(path)).json["reason"] == "ask Ada"


@pytest.mark.parametrize(
    "body",
    [
        {"resolution": "default", "column": "id"},
        {"resolution": "default", "column": "id", "value": None},
        {"resolution": "default", "column": "id", "value": 7.5},
        {"resolution": "default", "column": "id", "value": True},
        {"resolution": "transform", "column": "id", "expression": "id + 1"},
    ],
)
async def test_rows_get_another_value_and_the_completed_migration_and_its_certificate_say_so(
    service: Service, client: Client, body: dict[str, Any]
):
    migration_id = await refused(service, client)
    error = await the_error(client, migration_id)
    path = f"/v1/migrations/{migration_id}/errors/{error['id']}"
    reply = await client.post(f"{path}/resolve", {**body, "reason": "nobody knows it"})
    assert reply.status == 200, reply.text
    assert reply.json["resolution"] == body["resolution"]
    done = await client.in_status(migration_id, "completed")
    (exception,) = done["exceptions"]
    assert (exception["resolution"], exception["rows"]) == (body["resolution"], 1)
    assert (exception["table"], exception["reason"]) == ("public.orders", "nobody knows it")
    after = (await client.get(path)).json
    assert (after["status"], after["resolution"]) == ("resolved", body["resolution"])
    assert (after["rows_left"], after["rows_replaced"]) == (0, 1)
    certificate = (await client.get(f"/v1/migrations/{migration_id}/certificate")).json
    (exempt,) = certificate["statement"]["exceptions"]
    assert exempt["rows"] == 1
    assert exempt["reason"].startswith("another value of id than on the source")
    assert exempt["reason"].endswith("nobody knows it")


async def test_an_expression_that_fails_on_the_rows_is_told_and_they_wait_again(
    service: Service, client: Client
):
    migration_id = await refused(service, client)
    error = await the_error(client, migration_id)
    path = f"/v1/migrations/{migration_id}/errors/{error['id']}"
    body = {"resolution": "transform", "column": "id", "expression": "id / 0"}
    assert (await client.post(f"{path}/resolve", body)).status == 200
    again = await client.until(path, lambda body: body["attempts"] == 2)
    assert (again["status"], again["rows_left"]) == ("escalated", 1)
    assert again["message"] == "all rows tried fail: a division by zero"
    await client.in_status(migration_id, "paused")


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        ({"resolution": "default"}, "column", "column_needed"),
        ({"resolution": "default", "column": "nothing"}, "column", "column_unknown"),
        ({"resolution": "transform", "column": "id"}, "expression", "expression_needed"),
        (
            {"resolution": "transform", "column": "id", "expression": "pg_sleep(9)"},
            "expression",
            "expression_refused",
        ),
        (
            {"resolution": "transform", "column": "id", "expression": "nothing + 1"},
            "expression",
            "expression_refused",
        ),
        ({"resolution": "skip", "column": "id"}, "column", "contradiction"),
        ({"resolution": "retry", "value": 1}, "value", "contradiction"),
        (
            {"resolution": "transform", "column": "id", "expression": "1", "value": None},
            "value",
            "contradiction",
        ),
        ({"resolution": "default", "column": "id", "value": [1]}, "value", "scalar_type"),
        ({"resolution": "default", "column": "id", "value": "a\0"}, "value", "string_nul"),
    ],
)
async def test_another_value_that_cannot_be_meant_is_refused_where_it_is_wrong(
    waiting: str, client: Client, body: dict[str, Any], loc: str, kind: str
):
    error = await the_error(client, waiting)
    path = f"/v1/migrations/{waiting}/errors/{error['id']}/resolve"
    reply = await client.post(path, body)
    assert reply.status == 422, reply.text
    (problem,) = reply.json["detail"]
    assert (problem["loc"], problem["type"]) == (["body", loc], kind)


async def test_errors_that_are_not_there_are_not_found(service: Service, client: Client):
    migration_id = await refused(service, client)
    unknown = f"/v1/migrations/{migration_id}/errors/{random_id('err_')}"
    for reply in (
        await client.get(unknown),
        await client.post(f"{unknown}/retry"),
        await client.post(f"{unknown}/resolve", {"resolution": "skip"}),
        await client.get(f"/v1/migrations/{migration_id}/errors/nonsense"),
    ):
        assert (reply.status, reply.json["error"]["code"]) == (404, "error_not_found")
    other = await client.get(f"/v1/migrations/{random_id('mig_')}/errors")
    assert (other.status, other.json["error"]["code"]) == (404, "migration_not_found")


async def test_an_organisation_sees_no_errors_of_another(service: Service, client: Client):
    migration_id = await refused(service, client)
    error = await the_error(client, migration_id)
    stranger = await service.other_client("org_errors")
    path = f"/v1/migrations/{migration_id}/errors"
    assert (await stranger.get(path)).status == 404
    assert (await stranger.post(f"{path}/{error['id']}/retry")).status == 404


async def test_errors_are_the_same_after_the_projections_were_rebuilt(
    service: Service, client: Client
):
    migration_id = await refused(service, client)
    path = f"/v1/migrations/{migration_id}/errors"
    error = await the_error(client, migration_id)
    await client.post(f"{path}/{error['id']}/resolve", {"resolution": "skip"})
    await client.in_status(migration_id, "completed")
    before = (await client.get(path)).json
    await service.rebuild()
    assert (await client.get(path)).json == before


async def test_thresholds_are_shown_and_too_many_waiting_errors_fail_the_migration(
    service: Service, client: Client
):
    options = {"thresholds": {"max_escalated": 1}}
    migration_id = await client.migration(options=options)
    await client.in_status(migration_id, "approved")
    service.executors.world(migration_id).refused["public.orders"] = {0, 1}
    await client.post(f"/v1/migrations/{migration_id}/start")
    failed = await client.in_status(migration_id, "failed")
    assert failed["error"]["code"] == "error_threshold_exceeded"
    assert failed["options"]["thresholds"] == {
        "alert_percent": 1.0,
        "pause_percent": 5.0,
        "fail_percent": 10.0,
        "max_consecutive": 100,
        "max_escalated": 1,
    }
    listed = await client.get(f"/v1/migrations/{migration_id}/errors?status=escalated")
    assert {each["code"] for each in listed.json["data"]} == {
        "data_rejected",
        "error_threshold_exceeded",
    }
