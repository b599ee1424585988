"""The plan as something that people review, and that binds."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.api.client import Client
from tests.support.api.service import Service
from tests.support.migration.scenario import table

from sterna_core.migration.review import Difference

_BOTH = ("map_orders", "map_customers")


@pytest.fixture
async def waiting(service: Service, client: Client) -> AsyncIterator[str]:
    """A migration of two mappings, one of which waits for a person."""
    before = service.executors.tables
    service.executors.tables = (table("orders", status="pending"), table("customers"))
    try:
        migration_id = await client.migration()
        await client.in_status(migration_id, "plan_ready")
        yield f"/v1/migrations/{migration_id}"
    finally:
        service.executors.tables = before


@pytest.fixture
async def approved(client: Client) -> str:
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    return f"/v1/migrations/{migration_id}"


def drift(service: Service, path: str) -> None:
    world = service.executors.worlds[path.rpartition("/")[2]]
    world.drifted = (
        Difference(kind="column_added", table="public.orders", column="late", found="text"),
    )


async def test_mappings_are_listed_by_page_status_and_table(client: Client, waiting: str):
    everything = await client.get(f"{waiting}/mappings")
    assert everything.status == 200
    assert everything.json["pagination"] == {
        "total": 2,
        "limit": 20,
        "offset": 0,
        "has_more": False,
    }
    first = await client.get(f"{waiting}/mappings?limit=1")
    assert [each["id"] for each in first.json["data"]] == ["map_orders"]
    assert first.json["pagination"]["has_more"] is True
    pending = await client.get(f"{waiting}/mappings?status=pending")
    assert [each["id"] for each in pending.json["data"]] == ["map_orders"]
    of_table = await client.get(f"{waiting}/mappings?table=public.customers")
    assert [each["id"] for each in of_table.json["data"]] == ["map_customers"]
    assert (await client.get(f"{waiting}/mappings?status=odd")).status == 422


async def test_a_mapping_is_shown_with_all_that_is_known_of_it(client: Client, waiting: str):
    shown = (await client.get(f"{waiting}/mappings/map_orders")).json
    assert shown["source"] == {
        "schema": "public",
        "table": "orders",
        "column": "id",
        "type": "bigint",
    }
    assert shown["status"] == "pending"
    assert shown["trial"] is None
    assert (await client.get(f"{waiting}/mappings/map_none")).json["error"]["code"] == (
        "mapping_not_found"
    )


async def test_a_mapping_is_approved_by_a_patch_and_the_last_one_approves_the_plan(
    client: Client, waiting: str
):
    changed = await client.send(
        "PATCH", f"{waiting}/mappings/map_orders", {"status": "approved", "comment": "seen"}
    )
    assert changed.status == 200
    assert (changed.json["status"], changed.json["comment"]) == ("approved", "seen")
    assert changed.json["reviewed_by"]
    plan = await client.get(f"{waiting}/plan?min_position={changed.position}")
    assert plan.json["status"] == "approved"
    assert plan.headers["ETag"] == changed.headers["ETag"] == f'"{plan.json["digest"]}"'


async def test_several_mappings_are_changed_by_one_patch_or_none(client: Client, waiting: str):
    wrong = {"mappings": [{"id": "map_orders", "approved": True}, {"id": "x", "approved": True}]}
    assert (await client.send("PATCH", f"{waiting}/mappings", wrong)).status == 404
    assert (await client.get(f"{waiting}/mappings/map_orders")).json["status"] == "pending"
    right = {
        "mappings": [
            {"id": "map_orders", "approved": True},
            {"id": "map_customers", "status": "rejected", "comment": "not this one"},
        ]
    }
    changed = await client.send("PATCH", f"{waiting}/mappings", right)
    assert changed.status == 200
    assert [each["status"] for each in changed.json["data"]] == ["approved", "rejected"]
    refused = await client.post(f"{waiting}/start", {"skip_approval": True})
    assert refused.json["error"]["code"] == "approval_required"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"approved": True, "status": "rejected"},
        {"approved": False, "override_transformation": "id"},
        {"status": "pending"},
        {"override_transformation": ""},
        {"unknown": 1},
    ],
)
async def test_a_patch_that_cannot_be_meant_is_refused(
    client: Client, waiting: str, body: dict[str, Any]
):
    refused = await client.send("PATCH", f"{waiting}/mappings/map_orders", body)
    assert refused.status == 422
    assert len(refused.json["detail"]) == 1


async def test_a_column_is_sent_elsewhere_by_hand_where_the_target_has_its_tables(client: Client):
    chosen = {"table": "public.customers", "column": "old", "target_column": None}
    migration_id = await client.migration(
        options={"mode": "data_only"},
        target={"connection_id": await client.connection("new"), "columns": [chosen]},
    )
    await client.in_status(migration_id, "approved")
    one = f"/v1/migrations/{migration_id}"
    before = (await client.get(f"{one}/plan")).json["digest"]
    changed = await client.send("PATCH", f"{one}/mappings/map_orders", {"target_column": "number"})
    assert changed.status == 200, changed.text
    assert changed.json["id"] == "map_orders"
    shown = (await client.get(one)).json
    orders = {"table": "public.orders", "column": "id", "target_column": "number"}
    assert shown["target"]["columns"] == [chosen, orders]
    await client.in_status(migration_id, "approved")
    assert (await client.get(f"{one}/plan")).json["digest"] != before

    both = {"mappings": [{"id": each, "target_column": None} for each in _BOTH]}
    assert (await client.send("PATCH", f"{one}/mappings", both)).status == 200
    shown = (await client.get(one)).json
    assert {each["target_column"] for each in shown["target"]["columns"]} == {None}
    unknown = await client.send("PATCH", f"{one}/mappings/map_none", {"target_column": "x"})
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "mapping_not_found")
    again = await client.send("PATCH", one, {"target": {"columns": []}})
    assert again.json["target"]["columns"] == []


async def test_where_a_column_goes_is_said_alone_and_only_where_it_can_go_elsewhere(
    client: Client, waiting: str
):
    path = f"{waiting}/mappings/map_orders"
    fixed = await client.send("PATCH", path, {"target_column": "number"})
    assert (fixed.status, fixed.json["error"]["code"]) == (409, "mapping_fixed")
    for more in ({"approved": True}, {"comment": "x"}, {"override_transformation": "id"}):
        refused = await client.send("PATCH", path, {"target_column": None, **more})
        assert refused.status == 422
        assert refused.json["detail"][0]["loc"] == ["body", "target_column"]
    some = {
        "mappings": [{"id": _BOTH[0], "target_column": "x"}, {"id": _BOTH[1], "approved": True}]
    }
    refused = await client.send("PATCH", f"{waiting}/mappings", some)
    assert refused.json["detail"][0]["loc"] == ["body", "mappings", 1, "target_column"]


async def test_a_transformation_is_tried_and_taken_into_the_plan(client: Client, waiting: str):
    body = {"approved": True, "override_transformation": "id + 1", "comment": "shifted"}
    answer = await client.post(f"{waiting}/plan/mappings/map_orders/approve", body)
    assert answer.status == 200, answer.text
    assert answer.json["status"] == "approved"
    assert answer.json["transformation"] == "id + 1"
    assert answer.json["trial"]["status"] == "accepted"
    assert answer.json["plan_status"] == "approved"


async def test_a_transformation_that_fails_leaves_the_mapping_pending_with_the_reason(
    client: Client, waiting: str
):
    body = {"approved": True, "override_transformation": "id / 0"}
    answer = await client.post(f"{waiting}/plan/mappings/map_orders/approve", body)
    assert answer.status == 200
    assert answer.json["status"] == "pending"
    assert answer.json["transformation"] == '"id"'
    assert answer.json["trial"]["status"] == "refused"
    assert "division by zero" in answer.json["trial"]["reason"]


@pytest.mark.parametrize(
    "expression",
    ["1; drop table orders", "pg_sleep(10)", "(select 1)", "other", "id -- x", "now()"],
)
async def test_what_is_not_one_harmless_expression_is_refused_before_anything_happens(
    client: Client, waiting: str, expression: str
):
    body = {"approved": True, "override_transformation": expression}
    for method, path in (
        ("POST", f"{waiting}/plan/mappings/map_orders/approve"),
        ("PATCH", f"{waiting}/mappings/map_orders"),
    ):
        refused = await client.send(method, path, body)
        assert refused.status == 422
        (problem,) = refused.json["detail"]
        assert problem["loc"] == ["body", "override_transformation"]
        assert problem["type"] == "expression_refused"
    several = {"mappings": [{"id": "map_orders", "override_transformation": expression}]}
    refused = await client.send("PATCH", f"{waiting}/mappings", several)
    assert refused.json["detail"][0]["loc"] == ["body", "mappings", 0, "override_transformation"]
    assert (await client.get(f"{waiting}/mappings/map_orders")).json["trial"] is None


async def test_a_plan_that_has_changed_since_it_was_read_is_not_decided_on(
    client: Client, waiting: str
):
    read = await client.get(f"{waiting}/plan")
    tag = read.headers["ETag"]
    assert (await client.get(f"{waiting}/plan", headers={"If-None-Match": tag})).status == 304
    body = {"approved": True}
    first = await client.post(
        f"{waiting}/plan/mappings/map_orders/approve", body, headers={"If-Match": tag}
    )
    assert first.status == 200
    assert first.headers["ETag"] != tag
    for method, path, sent in (
        ("POST", f"{waiting}/plan/mappings/map_customers/approve", body),
        ("PATCH", f"{waiting}/mappings/map_customers", body),
        ("PATCH", f"{waiting}/mappings", {"mappings": [{"id": "map_customers", **body}]}),
        ("POST", f"{waiting}/start", {}),
        ("POST", f"{waiting}/start", {"dry_run": True}),
    ):
        late = await client.send(method, path, sent, headers={"If-Match": tag})
        assert late.status == 412, path
        assert late.json["error"]["code"] == "precondition_failed"
    weak = {"If-Match": "W/" + first.headers["ETag"]}
    assert (await client.post(f"{waiting}/start", {}, headers=weak)).status == 412
    bad = {"If-Match": "not quoted"}
    assert (await client.post(f"{waiting}/start", {}, headers=bad)).status == 422
    good = {"If-Match": f'"other", {first.headers["ETag"]}'}
    assert (await client.post(f"{waiting}/start", {}, headers=good)).status == 200


async def test_a_start_is_refused_with_the_differences_where_the_source_has_changed(
    service: Service, client: Client, approved: str
):
    drift(service, approved)
    refused = await client.post(f"{approved}/start", key="start-of-a-drifted-plan")
    assert refused.status == 409
    assert refused.json["error"]["code"] == "plan_not_ready"
    assert refused.json["error"]["details"]["differences"] == [
        {"kind": "column_added", "table": "public.orders", "column": "late", "found": "text"}
    ]
    again = await client.post(f"{approved}/start", key="start-of-a-drifted-plan")
    assert (again.status, again.json["error"]["code"]) == (409, "plan_not_ready")
    shown = (await client.get(approved)).json
    assert (shown["status"], shown["error"]["code"]) == ("failed", "plan_not_ready")
    assert shown["error"]["differences"][0]["column"] == "late"
    assert shown["timing"]["started_at"] is None
    assert (await client.post(f"{approved}/resume")).status == 200
    await client.in_status(approved.rpartition("/")[2], "approved")
    assert (await client.post(f"{approved}/start")).status == 200
    await client.in_status(approved.rpartition("/")[2], "completed")


async def test_a_dry_run_says_what_it_found_and_starts_nothing(
    service: Service, client: Client, approved: str
):
    answer = await client.post(f"{approved}/start", {"dry_run": True})
    assert answer.status == 200
    assert answer.json["status"] == "approved"
    assert answer.json["started_at"] is None
    assert answer.json["dry_run"]["status"] == "finished"
    assert answer.json["dry_run"]["report"]["tables"] == 2
    shown = (await client.get(approved)).json
    assert shown["dry_run"] == answer.json["dry_run"]
    assert shown["status"] == "approved"
    drift(service, approved)
    answer = await client.post(f"{approved}/start", {"dry_run": True})
    assert answer.json["dry_run"]["differences"][0]["kind"] == "column_added"
    assert (await client.get(approved)).json["status"] == "approved"


async def test_a_dry_run_of_one_phase_is_refused(client: Client, approved: str):
    body = {"dry_run": True, "start_from_phase": "schema_migration"}
    assert (await client.post(f"{approved}/start", body)).status == 422


async def test_a_start_from_a_phase_needs_the_phases_before_it(client: Client, approved: str):
    refused = await client.post(f"{approved}/start", {"start_from_phase": "data_transfer"})
    assert refused.status == 409
    assert refused.json["error"]["code"] == "invalid_state"
    started = await client.post(f"{approved}/start", {"start_from_phase": "schema_migration"})
    assert started.json["phase"] == "schema_migration"


@pytest.mark.parametrize("side", ["source", "target"])
async def test_both_sides_are_shown_as_planned(client: Client, approved: str, side: str):
    shown = await client.get(f"{approved}/schema/{side}?limit=1")
    assert shown.status == 200
    assert shown.json["side"] == side
    assert shown.json["pagination"]["total"] == 2
    assert shown.json["data"] == [
        {
            "schema": "public",
            "table": "orders",
            "columns": [{"name": "id", "type": "bigint", "in_key": True}],
            "key": ["id"],
            "estimated_rows": 4,
            "estimated_bytes": 400,
        }
    ]


async def test_nothing_is_shown_of_a_plan_that_is_not_made_yet(service: Service, client: Client):
    service.executors.working.clear()
    try:
        path = f"/v1/migrations/{await client.migration()}"
        await client.until(path, lambda body: body["plan"]["status"] == "generating")
        for rest in ("mappings", "mappings/map_orders", "schema/source", "schema/target"):
            refused = await client.get(f"{path}/{rest}")
            assert (refused.status, refused.json["error"]["code"]) == (409, "plan_not_ready")
        for body in ({}, {"dry_run": True}):
            refused = await client.post(f"{path}/start", body)
            assert (refused.status, refused.json["error"]["code"]) == (409, "plan_not_ready")
    finally:
        service.executors.working.set()
