"""What the interface says of the modes."""

import pytest
from tests.support.api.client import Client
from tests.support.api.service import Service
from tests.support.migration.scenario import table

from sterna_core.migration.plan import Score


@pytest.mark.parametrize("mode", ["full", "schema_only", "data_only"])
async def test_each_mode_is_planned_started_and_completed(
    service: Service, client: Client, mode: str
):
    before = service.executors.tables
    service.executors.tables = (table("orders", chunks=0 if mode == "schema_only" else 2),)
    try:
        migration_id = await client.migration(options={"mode": mode})
        await client.in_status(migration_id, "approved")
    finally:
        service.executors.tables = before
    started = await client.post(f"/v1/migrations/{migration_id}/start", {})
    assert started.status == 200
    await client.in_status(migration_id, "completed")


async def test_a_mode_that_there_is_not_is_refused_by_name(client: Client):
    answer = await client.post(
        "/v1/migrations",
        {
            "name": "m",
            "source": {"connection_id": "conn_a"},
            "target": {"connection_id": "conn_b"},
            "options": {"mode": "by_pigeon"},
        },
    )
    assert answer.status == 422
    assert answer.json["detail"][0]["loc"] == ["body", "options", "mode"]


async def test_a_plan_explains_its_scores_and_what_has_no_counterpart(
    service: Service, client: Client
):
    planned = table("orders", status="pending")
    (column,) = planned.columns
    alone = {
        **{name: getattr(column, name) for name in column.__struct_fields__},
        "target_column": "",
        "target_type": "",
        "copied": False,
        "confidence": 0.0,
        "score": Score(name=0.4, rate=0.5, rows=4, failing=("id=3",)),
    }
    before = service.executors.tables
    service.executors.tables = (
        type(planned)(
            **{
                **{name: getattr(planned, name) for name in planned.__struct_fields__},
                "columns": (type(column)(**alone),),
            }
        ),
    )
    try:
        migration_id = await client.migration(options={"mode": "data_only"})
        await client.in_status(migration_id, "plan_ready")
    finally:
        service.executors.tables = before
    (mapping,) = (await client.get(f"/v1/migrations/{migration_id}/plan")).json["mappings"]
    assert mapping["target"]["column"] is None
    assert mapping["target"]["type"] is None
    assert mapping["score"] == {"name": 0.4, "rate": 0.5, "rows": 4, "failing": ["id=3"]}
    refused = await client.post(
        f"/v1/migrations/{migration_id}/plan/mappings/{mapping['id']}/approve",
        {"approved": True, "override_transformation": "id + 1"},
    )
    assert refused.status == 409
