"""Changing, marking, undoing and deleting migrations, in the shapes that are documented."""

from datetime import datetime
from typing import Any

import pytest
from tests.support.api.client import Client
from tests.support.api.lives import paused
from tests.support.api.service import Service

from sterna_core.tasks import work as wk

_STATUS = {"id", "status", "phase", "progress", "timing", "errors"}


async def _completed(client: Client, **fields: Any) -> str:
    migration_id = await client.migration(**fields)
    await client.in_status(migration_id, "approved")
    await client.post(f"/v1/migrations/{migration_id}/start")
    await client.in_status(migration_id, "completed")
    return migration_id


async def test_a_migration_is_pending_until_an_executor_takes_it_up(
    service: Service, client: Client
):
    service.executors.working.clear()
    try:
        migration_id = await client.migration()
        await client.in_status(migration_id, "pending")
    finally:
        service.executors.working.set()
    await client.in_status(migration_id, "approved")


async def test_the_status_of_a_migration_has_the_documented_shape(client: Client):
    migration_id = await _completed(client)
    shown = (await client.get(f"/v1/migrations/{migration_id}/status")).json
    assert set(shown) == _STATUS
    assert shown["phase"] == {"current": 5, "total": 5, "name": "cutover"}
    assert shown["progress"]["percent"] == 100
    assert shown["timing"]["eta_completion"] is None
    assert shown["errors"] == {
        "total": 0,
        "recovered": 0,
        "escalated": 0,
        "recovery_rate": None,
    }


async def test_a_change_before_the_start_is_seen_at_once_and_plans_again_where_needed(
    client: Client,
):
    migration_id = await client.migration()
    planned = await client.in_status(migration_id, "approved")
    one = f"/v1/migrations/{migration_id}"

    renamed = await client.send("PATCH", one, {"name": "Another", "description": "words"})
    assert renamed.status == 200, renamed.text
    assert renamed.json["name"] == "Another"
    assert renamed.json["status"] == "approved"
    listed = (await client.get("/v1/migrations?limit=100")).json["data"]
    assert next(each for each in listed if each["id"] == migration_id)["name"] == "Another"

    again = await client.send(
        "PATCH", one, {"source": {"exclude_tables": ["tmp_*"]}, "options": {"parallelism": 2}}
    )
    assert again.status == 200, again.text
    assert again.json["options"]["parallelism"] == 2
    assert again.json["plan"]["status"] in {"generating", "approved"}
    later = await client.until(
        one, lambda body: body["status"] == "approved" and body["plan"]["status"] == "approved"
    )
    assert later["options"]["batch_size"] == planned["options"]["batch_size"]
    assert later["name"] == "Another"


async def test_a_change_is_refused_once_the_migration_has_begun(client: Client):
    migration_id = await _completed(client)
    refused = await client.send("PATCH", f"/v1/migrations/{migration_id}", {"name": "late"})
    assert refused.status == 409
    assert refused.json["error"]["code"] == "invalid_state"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"status": "completed"}, "extra_forbidden"),
        ({"options": {"parallelism": 0}}, "greater_than_equal"),
        ({"options": {"nonsense": 1}}, "extra_forbidden"),
        ({"name": ""}, "string_too_short"),
        ({"source": {"connection_id": 5}}, "string_type"),
    ],
)
async def test_a_change_of_the_wrong_shape_is_refused(
    client: Client, body: dict[str, Any], problem: str
):
    migration_id = await client.migration()
    refused = await client.send("PATCH", f"/v1/migrations/{migration_id}", body)
    assert refused.status == 422, refused.text
    assert problem in {each["type"] for each in refused.json["detail"]}


async def test_phases_pauses_and_people_make_checkpoints_that_are_listed(
    service: Service, client: Client
):
    migration_id = await paused(service, client)
    one = f"/v1/migrations/{migration_id}"
    made = await client.post(f"{one}/checkpoints", {"reason": "before lunch"})
    assert made.status == 201, made.text
    assert made.json["type"] == "manual"
    assert made.json["id"].startswith("ckpt_")
    page = await client.until(
        f"{one}/checkpoints", lambda body: body["data"][0]["id"] == made.json["id"]
    )
    assert page["pagination"]["total"] >= 2
    assert set(page["data"][0]) == {
        "id",
        "timestamp",
        "type",
        "phase",
        "reason",
        "records_completed",
        "size_bytes",
    }
    resumed = await client.post(f"{one}/resume")
    assert resumed.json["resumed_from_checkpoint"] == made.json["id"]
    await client.in_status(migration_id, "completed")
    kinds = [each["type"] for each in (await client.get(f"{one}/checkpoints")).json["data"]]
    assert kinds.count("phase") == 4


async def test_a_paused_migration_is_undone_and_says_how_that_went(
    service: Service, client: Client
):
    migration_id = await paused(service, client)
    one = f"/v1/migrations/{migration_id}"
    before = (await client.get(f"{one}/rollback/status")).json
    assert before["rollback_status"] == "not_requested"
    begun = await client.post(f"{one}/rollback", {"strategy": "reverse_migration"})
    assert begun.status == 200, begun.text
    assert begun.json["rollback_status"] == "initiated"
    await client.in_status(migration_id, "rolled_back")
    after = (await client.get(f"{one}/rollback/status")).json
    assert after["rollback_status"] == "completed"
    assert after["strategy_used"] == "reverse_migration"
    assert after["verification"]["passed"] is True
    assert after["duration_seconds"] >= 0
    again = await client.post(f"{one}/rollback", {})
    assert (again.json["status"], again.json["rollback_status"]) == ("rolled_back", "completed")
    assert again.json["message"] == "Nothing was done: the migration is rolled back already"


async def test_a_completed_migration_is_undone_where_its_ledger_was_kept(client: Client):
    kept = await _completed(client, options={"keep_bookkeeping": True})
    assert (await client.post(f"/v1/migrations/{kept}/rollback", {})).status == 200
    await client.in_status(kept, "rolled_back")
    gone = await _completed(client)
    refused = await client.post(f"/v1/migrations/{gone}/rollback", {})
    assert refused.status == 409
    assert refused.json["error"]["code"] == "rollback_not_available"


@pytest.mark.parametrize("strategy", ["point_in_time", "backup_restore"])
async def test_a_strategy_that_this_target_does_not_have_is_refused_clearly(
    service: Service, client: Client, strategy: str
):
    migration_id = await paused(service, client)
    refused = await client.post(f"/v1/migrations/{migration_id}/rollback", {"strategy": strategy})
    assert refused.status == 409
    assert refused.json["error"]["code"] == "rollback_not_available"
    assert refused.json["error"]["details"]["available"] == ["reverse_migration", "truncate"]


@pytest.mark.parametrize(("logs", "metrics"), [(True, True), (False, False), (True, False)])
async def test_a_deleted_migration_is_gone_and_what_was_to_be_kept_is_not(
    service: Service, client: Client, logs: bool, metrics: bool
):
    migration_id = await _completed(client)
    one = f"/v1/migrations/{migration_id}"
    query = f"?keep_logs={str(logs).lower()}&keep_metrics={str(metrics).lower()}"
    deleted = await client.delete(f"{one}{query}")
    assert deleted.status == 200, deleted.text
    assert deleted.json == {
        "id": migration_id,
        "deleted": True,
        "logs_retained": logs,
        "metrics_retained": metrics,
    }
    for _ in ("at once", "after a rebuild"):
        at = f"min_position={deleted.position}"
        assert (await client.get(f"{one}?{at}")).status == 404
        listed = (await client.get("/v1/migrations?limit=100")).json["data"]
        assert migration_id not in {each["id"] for each in listed}
        assert (await client.get(f"{one}/plan")).status == 404
        assert (await client.get(f"{one}/checkpoints")).status == 404
        assert (await client.get(f"{one}/logs")).status == (200 if logs else 404)
        assert (await client.get(f"{one}/metrics")).status == (200 if metrics else 404)
        await service.rebuild()
    assert (await client.delete(one)).status == 404
    assert (await client.post(f"{one}/start")).status == 404


async def test_a_migration_at_work_is_not_deleted(service: Service, client: Client):
    migration_id = await paused(service, client)
    refused = await client.delete(f"/v1/migrations/{migration_id}")
    assert refused.status == 409
    assert refused.json["error"]["code"] == "invalid_state"


@pytest.mark.parametrize("sort", ["created_at", "started_at", "name"])
async def test_lists_are_sorted_by_a_minus_as_by_the_order_desc(client: Client, sort: str):
    for name in ("b", "a"):
        migration_id = await client.migration(name=f"{name} {sort}")
        await client.in_status(migration_id, "approved")

    async def ids(query: str) -> list[str]:
        page = (await client.get(f"/v1/migrations?limit=100&status=approved&{query}")).json
        return [each["id"] for each in page["data"]]

    assert await ids(f"sort=-{sort}") == await ids(f"sort={sort}&order=desc")


async def test_metrics_have_every_field_of_the_seed(service: Service, client: Client):
    migration_id = await _completed(client)
    await service.use(migration_id, "exec_1", 3, 40.0)
    await service.use(migration_id, "exec_2", 2, 20.0)
    shown = await client.until(
        f"/v1/migrations/{migration_id}/metrics",
        lambda body: body["resources"]["active_workers"] == 5,
    )
    assert shown["resources"] == {
        "active_workers": 5,
        "cpu_utilization_percent": 30.0,
        "memory_utilization_percent": 10.0,
        "network_utilization_percent": None,
    }
    throughput = shown["throughput"]
    assert throughput["current_records_per_second"] == 0
    assert throughput["current_bytes_per_second"] == "0 B"
    assert throughput["peak_records_per_second"] >= throughput["average_records_per_second"] > 0
    assert shown["quality"]["error_rate_percent"] == 0
    assert shown["quality"]["recovery_success_rate_percent"] is None
    assert shown["quality"]["validation_pass_rate_percent"] == 100
    first = shown["by_table"][0]
    assert first["records_total"] == first["records_processed"] == 4
    assert first["throughput_records_per_second"] > 0
    assert first["errors"] == 0
    assert datetime.fromisoformat(shown["snapshot_at"]).tzinfo is not None


async def test_a_pause_says_when_it_will_be_only_by_what_was_measured(
    service: Service, client: Client
):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    service.executors.working.clear()
    try:
        await client.post(f"/v1/migrations/{migration_id}/start")
        pausing = await client.post(f"/v1/migrations/{migration_id}/pause")
    finally:
        service.executors.working.set()
    assert pausing.json["checkpoint_eta"] is None
    await client.in_status(migration_id, "paused")


async def test_a_checkpoint_that_nothing_came_after_is_where_a_run_stands(
    service: Service, client: Client
):
    migration_id = await paused(service, client)
    one = f"/v1/migrations/{migration_id}"
    first = (await client.post(f"{one}/checkpoints", {})).json["id"]
    restored = await client.post(f"{one}/restore", {"checkpoint_id": first})
    assert restored.status == 200, restored.text
    assert restored.json["restored_to_checkpoint"] == first
    assert restored.json["status"] == "paused"
    assert restored.json["message"].startswith("Nothing was done")
    unknown = await client.post(f"{one}/restore", {"checkpoint_id": "ckpt_nothing"})
    assert unknown.status == 404
    assert unknown.json["error"]["code"] == "checkpoint_not_found"

    service.executors.working.clear()
    await client.post(f"{one}/resume")
    service.executors.working.set()
    await client.in_status(migration_id, "completed")
    over = await client.post(f"{one}/restore", {"checkpoint_id": first})
    assert over.status == 409
    assert over.json["error"]["code"] == "invalid_state"


async def _stuck(service: Service, client: Client) -> str:
    """Let a migration fail when every row has been copied."""
    service.executors.failing[wk.CompareTable] = "target_conflict"
    try:
        migration_id = await client.migration()
        await client.in_status(migration_id, "approved")
        await client.post(f"/v1/migrations/{migration_id}/start")
        await client.in_status(migration_id, "failed")
    finally:
        del service.executors.failing[wk.CompareTable]
    return migration_id


async def _completes(service: Service, client: Client, migration_id: str) -> None:
    resumed = await client.post(f"/v1/migrations/{migration_id}/resume")
    assert resumed.status == 200, resumed.text
    await client.in_status(migration_id, "completed")
    world = service.executors.world(migration_id)
    assert world.target == world.source


async def test_a_run_goes_back_to_a_checkpoint_and_on_from_there(service: Service, client: Client):
    migration_id = await _stuck(service, client)
    one = f"/v1/migrations/{migration_id}"
    made = (await client.get(f"{one}/checkpoints")).json["data"]
    first = next(each for each in made if each["phase"] == "schema_migration")
    later = next(each for each in made if each["phase"] == "data_transfer")

    begun = await client.post(f"{one}/restore", {"checkpoint_id": first["id"]})
    assert begun.status == 200, begun.text
    assert set(begun.json) == {"id", "status", "restored_to_checkpoint", "message"}
    assert begun.json["status"] == "rolling_back"
    shown = await client.in_status(migration_id, "paused")

    assert shown["phase"] == "schema_migration"
    assert not any(service.executors.world(migration_id).target.values())
    status = (await client.get(f"{one}/status")).json
    assert status["progress"]["records_processed"] == 0
    gone = await client.post(f"{one}/restore", {"checkpoint_id": later["id"]})
    assert gone.status == 409
    assert gone.json["error"]["code"] == "restore_not_available"
    assert gone.json["error"]["details"]["reason"] == "taken_back"
    await _completes(service, client, migration_id)


async def test_the_rows_of_two_tables_are_undone_and_copied_again(service: Service, client: Client):
    migration_id = await _stuck(service, client)
    one = f"/v1/migrations/{migration_id}"
    body = {"scope": "tables", "tables": ["public.orders"]}

    begun = await client.post(f"{one}/rollback", body)
    assert begun.status == 200, begun.text
    assert (begun.json["status"], begun.json["rollback_status"]) == ("rolling_back", "initiated")
    assert begun.json["scope"] == "tables"
    await client.in_status(migration_id, "paused")

    target = service.executors.world(migration_id).target
    assert (len(target["public.orders"]), len(target["public.customers"])) == (0, 4)
    shown = (await client.get(f"{one}/rollback/status")).json
    assert shown["rollback_status"] == "completed"
    assert (shown["scope"], shown["tables"]) == ("tables", ["public.orders"])
    assert shown["verification"]["passed"] is True
    assert shown["verification"]["removed"] == {"row": 4}
    again = await client.post(f"{one}/rollback", body)
    assert (again.json["status"], again.json["rollback_status"]) == ("paused", "completed")
    assert again.json["message"] == "Nothing was done: there is nothing to take back"
    await _completes(service, client, migration_id)


@pytest.mark.parametrize("phase", ["schema_migration", "data_transfer", "validation"])
async def test_a_phase_is_undone_and_done_again(service: Service, client: Client, phase: str):
    migration_id = await _stuck(service, client)
    one = f"/v1/migrations/{migration_id}"

    begun = await client.post(f"{one}/rollback", {"scope": "phase", "phase": phase})
    assert begun.status == 200, begun.text
    shown = await client.in_status(migration_id, "paused")

    assert shown["phase"] == phase
    assert (await client.get(f"{one}/rollback/status")).json["phase"] == phase
    await _completes(service, client, migration_id)


@pytest.mark.parametrize("verb", ["rollback", "restore"])
async def test_a_late_repeat_is_answered_by_how_things_stand_then(
    service: Service, client: Client, verb: str
):
    migration_id = await _stuck(service, client)
    one, key = f"/v1/migrations/{migration_id}", f"late-{verb}"
    made = (await client.get(f"{one}/checkpoints")).json["data"]
    first = next(each["id"] for each in made if each["phase"] == "schema_migration")
    body = {"checkpoint_id": first} if verb == "restore" else {}

    begun = await client.post(f"{one}/{verb}", body, key=key)
    assert begun.json["status"] == "rolling_back", begun.text
    over = "paused" if verb == "restore" else "rolled_back"
    await client.in_status(migration_id, over)
    await service.answers.forget(seconds=0, most=1_000)
    again = await client.post(f"{one}/{verb}", body, key=key)

    assert (again.status, again.json["status"]) == (200, over)
    assert again.json["message"] == "This request was carried out before; nothing more was done"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"scope": "tables"}, ("tables", "tables_needed")),
        ({"scope": "tables", "tables": []}, ("tables", "tables_needed")),
        ({"scope": "phase"}, ("phase", "phase_needed")),
        ({"tables": ["public.orders"]}, ("tables", "contradiction")),
        ({"phase": "data_transfer"}, ("phase", "contradiction")),
        (
            {"scope": "phase", "phase": "validation", "tables": ["public.orders"]},
            ("tables", "contradiction"),
        ),
    ],
)
async def test_a_part_that_is_not_named_or_not_meant_is_refused_before_anything_is_undone(
    service: Service, client: Client, body: dict[str, Any], problem: tuple[str, str]
):
    migration_id = await paused(service, client)
    refused = await client.post(f"/v1/migrations/{migration_id}/rollback", body)
    assert refused.status == 422, refused.text
    (found,) = refused.json["detail"]
    assert (found["loc"], found["type"]) == (["body", problem[0]], problem[1])
    await client.in_status(migration_id, "paused")


@pytest.mark.parametrize(
    "body",
    [
        {"scope": "tables", "tables": ["public.nothing"]},
        {"scope": "phase", "phase": "planning"},
        {"scope": "phase", "phase": "syncing"},
    ],
)
async def test_a_part_that_a_migration_does_not_have_is_not_undone(
    service: Service, client: Client, body: dict[str, Any]
):
    migration_id = await _stuck(service, client)
    refused = await client.post(f"/v1/migrations/{migration_id}/rollback", body)
    assert refused.status == 409
    assert refused.json["error"]["code"] == "rollback_not_available"
