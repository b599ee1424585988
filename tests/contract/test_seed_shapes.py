"""The shapes of the documented interface, from its examples."""

import re
from typing import Any

from tests.support.api.client import Client
from tests.support.api.service import Service
from tests.support.migration.scenario import table

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")


async def _create_body(client: Client) -> dict[str, Any]:
    return {
        "name": "Q1 Database Modernization",
        "description": "Migrate legacy Oracle to PostgreSQL",
        "source": {
            "connection_id": await client.connection("Oracle Production"),
            "schemas": ["HR", "FINANCE"],
            "exclude_tables": ["AUDIT_LOG", "TEMP_*"],
        },
        "target": {
            "connection_id": await client.connection("PostgreSQL Cloud"),
            "schema": "public",
        },
        "options": {
            "mode": "full",
            "parallelism": 8,
            "batch_size": 10000,
            "auto_approve_above": 0.95,
            "generate_rollback": True,
        },
    }


async def test_create_answers_the_documented_shape(client: Client):
    body = await _create_body(client)
    reply = await client.post("/v1/migrations", body)
    assert reply.status == 201
    made = reply.json
    assert re.fullmatch(r"mig_[0-9a-f]{32}", made["id"])
    assert made["name"] == body["name"]
    assert made["status"] == "pending"
    assert _MOMENT.match(made["created_at"])
    assert made["created_by"]
    assert made["source"]["connection_id"] == body["source"]["connection_id"]
    assert made["source"]["connection_name"] == "Oracle Production"
    assert made["source"]["schemas"] == ["HR", "FINANCE"]
    assert "tables_count" in made["source"]
    assert made["target"]["connection_name"] == "PostgreSQL Cloud"
    assert made["plan"]["status"] == "generating"
    base = f"/v1/migrations/{made['id']}"
    assert made["links"] == {
        "self": base,
        "plan": f"{base}/plan",
        "start": f"{base}/start",
        "logs": f"{base}/logs",
    }


async def test_whom_the_examples_tell_needs_the_settings_that_are_named(client: Client):
    body = await _create_body(client) | {
        "notifications": {
            "email": ["team@company.com"],
            "slack_channel": "#data-ops",
            "on_events": ["completed", "failed", "approval_required"],
        },
    }
    reply = await client.post("/v1/migrations", body)
    assert reply.status == 422
    assert [each["loc"] for each in reply.json["detail"]] == [
        ["body", "notifications", "email"],
        ["body", "notifications", "slack_channel"],
    ]
    assert {each["type"] for each in reply.json["detail"]} == {"not_configured"}


async def test_a_migration_shows_progress_metrics_and_timing(client: Client):
    migration_id = await client.migration()
    shown = await client.in_status(migration_id, "approved")
    assert shown["phase"] == "planning"
    assert [each["name"] for each in shown["progress"]["phases"]] == [
        "planning",
        "schema_migration",
        "data_transfer",
        "validation",
        "cutover",
    ]
    assert shown["progress"]["phases"][0]["status"] == "completed"
    assert "duration_seconds" in shown["progress"]["phases"][0]
    assert shown["progress"]["phases"][1] == {"name": "schema_migration", "status": "pending"}
    metrics = shown["metrics"]
    assert metrics["records_processed"] == 0
    assert metrics["records_total"] == 8
    assert metrics["bytes_transferred"] == "0 B"
    assert {"throughput_records_per_second", "errors_recovered", "errors_escalated"} <= set(metrics)
    assert _MOMENT.match(shown["timing"]["created_at"])
    assert shown["timing"]["started_at"] is None
    await client.post(f"/v1/migrations/{migration_id}/start")
    done = await client.in_status(migration_id, "completed")
    assert done["metrics"]["records_processed"] == 8
    assert done["progress"]["current_phase"] == "cutover"
    assert all(each["status"] == "completed" for each in done["progress"]["phases"])
    assert _MOMENT.match(done["timing"]["completed_at"])


async def test_a_plan_shows_its_mappings(client: Client):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    plan = (await client.get(f"/v1/migrations/{migration_id}/plan")).json
    assert plan["migration_id"] == migration_id
    assert plan["status"] == "approved"
    assert _MOMENT.match(plan["generated_at"])
    assert plan["summary"]["tables"] == 2
    assert len(plan["mappings"]) == 2
    mapping = plan["mappings"][0]
    assert {"schema", "table", "column"} <= set(mapping["source"])
    assert {"schema", "table", "column"} <= set(mapping["target"])
    assert mapping["status"] == "approved"
    assert 0 <= mapping["confidence"] <= 1
    assert {"transformation", "evidence", "id"} <= set(mapping)


async def test_a_plan_waits_for_the_mappings_that_need_a_person(service: Service, client: Client):
    usual = service.executors.tables
    service.executors.tables = (table("orders"), table("odd", status="pending"))
    try:
        migration_id = await client.migration()
        await client.in_status(migration_id, "plan_ready")
    finally:
        service.executors.tables = usual
    one = f"/v1/migrations/{migration_id}"
    refused = await client.post(f"{one}/start")
    assert refused.status == 409
    assert refused.json["error"]["code"] == "approval_required"
    assert refused.json["error"]["details"]["mappings"] == ["map_odd"]
    unknown = await client.post(f"{one}/plan/mappings/map_none/approve", {"approved": True})
    assert unknown.status == 404
    assert unknown.json["error"]["code"] == "mapping_not_found"
    rejected = await client.post(
        f"{one}/plan/mappings/map_odd/approve", {"approved": False, "comment": "not yet"}
    )
    assert rejected.json["status"] == "rejected"
    approved = await client.post(
        f"{one}/plan/mappings/map_odd/approve",
        {
            "approved": True,
            "override_transformation": None,
            "comment": "Verified with business team",
        },
    )
    assert approved.status == 200
    assert approved.json["plan_status"] == "approved"
    assert (await client.post(f"{one}/start")).status == 200


async def test_pause_resume_and_cancel_answer_the_documented_shapes(
    service: Service, client: Client
):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    one = f"/v1/migrations/{migration_id}"
    service.executors.working.clear()
    try:
        started = await client.post(f"{one}/start", {"skip_approval": False, "dry_run": False})
        assert started.json["message"] == "Migration started successfully"
        assert started.json["status"] == "running"
        paused = await client.post(
            f"{one}/pause", {"reason": "Maintenance window ending", "immediate": False}
        )
        assert paused.status == 200
        assert paused.json["status"] == "pausing"
        assert "checkpoint_eta" in paused.json
        again = await client.post(f"{one}/pause")
        assert again.json["status"] == "pausing"
        resumed = await client.post(f"{one}/resume")
        assert resumed.json["status"] == "running"
        assert resumed.json["resumed_from_checkpoint"].startswith("ckpt_")
        assert _MOMENT.match(resumed.json["resumed_at"])
        cancelled = await client.post(
            f"{one}/cancel", {"reason": "Requirements changed", "rollback": True, "force": False}
        )
        assert cancelled.json["status"] == "cancelling"
        assert cancelled.json["rollback_status"] == "initiated"
        assert (await client.in_status(migration_id, "rolling_back"))["phase"]
    finally:
        service.executors.working.set()
    await client.in_status(migration_id, "rolled_back")
    over = await client.post(f"{one}/cancel", {"rollback": True})
    assert (over.json["status"], over.json["rollback_status"]) == ("rolled_back", "completed")


async def test_an_operation_in_the_wrong_state_is_a_conflict(client: Client):
    migration_id = await client.migration()
    one = f"/v1/migrations/{migration_id}"
    await client.in_status(migration_id, "approved")
    for verb in ("pause", "resume"):
        reply = await client.post(f"{one}/{verb}")
        assert reply.status == 409
        body = reply.json
        assert body["success"] is False
        assert body["status"] == 409
        assert body["error"]["code"] == "invalid_state"
        assert body["error"]["type"] == "ConflictError"
        assert body["error"]["details"] == {"status": "approved"}


async def test_a_start_before_the_plan_is_ready_says_so(service: Service, client: Client):
    service.executors.working.clear()
    try:
        migration_id = await client.migration()
        reply = await client.post(f"/v1/migrations/{migration_id}/start")
        plan = await client.until(f"/v1/migrations/{migration_id}/plan", lambda _: True)
    finally:
        service.executors.working.set()
    assert reply.status == 409
    assert reply.json["error"]["code"] == "plan_not_ready"
    assert plan["status"] == "generating"
    assert plan["mappings"] == []


async def test_logs_are_lines_in_order_that_can_be_filtered(client: Client):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    await client.post(f"/v1/migrations/{migration_id}/start")
    await client.in_status(migration_id, "completed")
    logs = f"/v1/migrations/{migration_id}/logs"
    lines = (await client.get(logs)).json["data"]
    assert lines[0]["message"].startswith("Migration created")
    assert lines[-1]["message"].startswith("Completed")
    assert all({"timestamp", "level", "message"} <= set(line) for line in lines)
    times = [line["timestamp"] for line in lines]
    assert times == sorted(times)
    transfer = (await client.get(f"{logs}?phase=data_transfer")).json["data"]
    assert {line["phase"] for line in transfer} == {"data_transfer"}
    assert (await client.get(f"{logs}?level=error")).json["data"] == []
    assert (await client.get(f"{logs}?limit=2")).json["data"] == lines[-2:]
    later = (await client.get(logs, headers={})).json["data"]
    assert later == lines


async def test_validation_and_metrics_show_every_table(client: Client):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    await client.post(f"/v1/migrations/{migration_id}/start")
    await client.in_status(migration_id, "completed")
    validation = (await client.get(f"/v1/migrations/{migration_id}/validation")).json
    assert validation["status"] == "passed"
    assert [each["table"] for each in validation["tables"]] == ["public.orders", "public.customers"]
    assert all(each["equal"] for each in validation["tables"])
    metrics = (await client.get(f"/v1/migrations/{migration_id}/metrics")).json
    assert metrics["by_table"][0]["records_processed"] == 4
    assert metrics["quality"]["validation_pass_rate_percent"] == 100


async def test_a_list_filters_sorts_and_pages(service: Service):
    client = await service.other_client("org_list")
    made = [await client.migration(name=f"m{number}") for number in (2, 0, 1)]
    for migration_id in made:
        await client.in_status(migration_id, "approved")
    everything = (await client.get("/v1/migrations")).json
    assert [each["name"] for each in everything["data"]] == ["m1", "m0", "m2"]
    assert everything["pagination"] == {"total": 3, "limit": 20, "offset": 0, "has_more": False}
    assert {"id", "name", "status", "progress_percent", "created_at"} <= set(everything["data"][0])
    by_name = (await client.get("/v1/migrations?sort=name&order=asc&limit=2")).json
    assert [each["name"] for each in by_name["data"]] == ["m0", "m1"]
    assert by_name["pagination"]["has_more"] is True
    rest = (await client.get("/v1/migrations?sort=name&order=asc&limit=2&offset=2")).json
    assert [each["name"] for each in rest["data"]] == ["m2"]
    assert (await client.get("/v1/migrations?status=running")).json["pagination"]["total"] == 0
    source = (await client.get(f"/v1/migrations/{made[0]}")).json["source"]["connection_id"]
    only = (await client.get(f"/v1/migrations?source_id={source}")).json["data"]
    assert [each["id"] for each in only] == [made[0]]
    first = everything["data"][-1]["created_at"]
    after = (await client.get(f"/v1/migrations?created_after={first}")).json["data"]
    assert [each["name"] for each in after] == ["m1", "m0"]
    beyond = (await client.get("/v1/migrations?offset=50")).json
    assert beyond["data"] == []
    assert beyond["pagination"]["total"] == 3
