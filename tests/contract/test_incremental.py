"""What the interface says of migrations that keep their target up to date."""

from operator import itemgetter

from msgspec.structs import replace
from tests.support.api.client import Client
from tests.support.api.lives import follower
from tests.support.api.service import Service
from tests.support.migration.scenario import table

from sterna_core.migration.incremental import TableSync

OPTIONS = {"mode": "incremental", "incremental": {"interval_seconds": 1}}


async def test_lag_says_how_far_the_target_is_behind(service: Service, client: Client):
    migration_id = await follower(client)

    lag = (await client.get(f"/v1/migrations/{migration_id}/lag")).json

    assert (lag["status"], lag["phase"]) == ("running", "syncing")
    assert lag["lag"]["seconds"] >= 0
    assert set(lag["lag"]) == {"seconds", "records", "bytes", "estimated_from_pass"}
    assert lag["cdc_position"] is None
    assert lag["as_of"] is not None
    assert {each["table"] for each in lag["tables"]} == {"public.orders", "public.customers"}
    assert all(each["lag_seconds"] is not None for each in lag["tables"])
    await client.post(f"/v1/migrations/{migration_id}/cancel", {})


async def test_status_and_progress_show_the_phase_between_copy_and_end(client: Client):
    migration_id = await follower(client)

    status = (await client.get(f"/v1/migrations/{migration_id}/status")).json
    shown = (await client.get(f"/v1/migrations/{migration_id}")).json

    assert status["phase"] == {"current": 4, "total": 6, "name": "syncing"}
    assert [each["name"] for each in shown["progress"]["phases"]] == [
        "planning",
        "schema_migration",
        "data_transfer",
        "syncing",
        "validation",
        "cutover",
    ]
    assert shown["options"]["incremental"]["interval_seconds"] == 1
    await client.post(f"/v1/migrations/{migration_id}/cancel", {})


async def test_what_is_written_while_it_follows_arrives_and_stop_completes_it(
    service: Service, client: Client
):
    migration_id = await follower(client)
    world = service.executors.world(migration_id)
    world.write("public.orders", 17)
    world.remove("public.customers", 1)

    stopped = await client.post(f"/v1/migrations/{migration_id}/stop", {})

    assert stopped.status == 200
    assert stopped.json["id"] == migration_id
    assert stopped.json["status"] in {"running", "validating", "completed"}
    await client.in_status(migration_id, "completed")
    assert world.target == world.source
    certificate = await client.get(f"/v1/migrations/{migration_id}/certificate")
    assert certificate.status == 200
    lag = (await client.get(f"/v1/migrations/{migration_id}/lag")).json
    assert lag["lag"]["seconds"] is None
    assert lag["as_of"] is not None
    assert lag["passes"]["stopping"] is True


async def test_a_stop_may_be_repeated_with_its_key_and_is_refused_once_it_is_over(client: Client):
    migration_id = await follower(client)
    place, key = f"/v1/migrations/{migration_id}/stop", f"stop-{migration_id}"

    first = await client.post(f"{place}?immediate=true", {}, key=key)
    again = await client.post(f"{place}?immediate=true", {}, key=key)
    other = await client.post(place, {}, key=key)

    assert (first.status, again.status, other.status) == (200, 200, 422)
    await client.in_status(migration_id, "completed")
    late = await client.post(place, {})
    assert late.status == 409
    assert late.json["error"]["code"] == "invalid_state"


async def test_a_migration_of_another_mode_has_no_lag_and_is_not_stopped(client: Client):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")

    lag = await client.get(f"/v1/migrations/{migration_id}/lag")
    stopped = await client.post(f"/v1/migrations/{migration_id}/stop", {})

    for refused in (lag, stopped):
        assert refused.status == 409
        assert refused.json["error"]["code"] == "invalid_state"


async def test_the_plan_says_how_each_table_is_brought_up_to_date(service: Service, client: Client):
    by_column = TableSync(strategy="changes", change_column="id", reason="it was named")
    planned = (replace(table("orders"), sync=by_column), replace(table("notes"), sync=TableSync()))
    before = service.executors.tables
    service.executors.tables = planned
    try:
        migration_id = await client.migration(options=OPTIONS)
        await client.in_status(migration_id, "approved")
    finally:
        service.executors.tables = before
    plan = (await client.get(f"/v1/migrations/{migration_id}/plan")).json
    assert sorted(plan["sync"], key=itemgetter("table")) == [
        {"table": "public.notes", "strategy": "comparison", "change_column": None, "reason": ""},
        {
            "table": "public.orders",
            "strategy": "changes",
            "change_column": "id",
            "reason": "it was named",
        },
    ]
    lag = (await client.get(f"/v1/migrations/{migration_id}/lag")).json
    assert [each["change_column"] for each in lag["tables"]] == [None, "id"]
    assert (lag["as_of"], lag["trend"]) == (None, None)
    assert set(lag["lag"].values()) == {None}


async def test_options_of_the_mode_are_refused_with_another_one(client: Client):
    answer = await client.post(
        "/v1/migrations",
        {
            "name": "m",
            "source": {"connection_id": "conn_a"},
            "target": {"connection_id": "conn_b"},
            "options": {"mode": "full", "incremental": {"interval_seconds": 5}},
        },
    )
    assert answer.status == 422
    assert answer.json["detail"][0]["loc"] == ["body", "options", "incremental"]
    migration_id = await client.migration(options=OPTIONS)
    await client.in_status(migration_id, "approved")
    changed = await client.send(
        "PATCH", f"/v1/migrations/{migration_id}", {"options": {"mode": "full"}}
    )
    assert changed.status == 409
    both = {"options": {"mode": "full", "incremental": None}}
    assert (await client.send("PATCH", f"/v1/migrations/{migration_id}", both)).status == 200


async def test_another_policy_than_the_one_there_is_is_refused_by_name(client: Client):
    migration_id = await client.migration(options=OPTIONS)
    one = f"/v1/migrations/{migration_id}"
    shown = (await client.until(one, lambda _: True))["options"]["incremental"]
    assert shown["conflict_policy"] == "source_wins"
    incremental = {"conflict_policy": "newest_wins"}
    refused = await client.send("PATCH", one, {"options": {"incremental": incremental}})
    assert refused.status == 422
    assert refused.json["detail"][0]["loc"] == ["body", "options", "incremental", "conflict_policy"]
