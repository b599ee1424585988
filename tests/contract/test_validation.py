"""The validation of migrations over REST."""

from typing import Any

import pytest
from tests.support.api.client import Client, Reply

KINDS = ("structural", "statistical", "referential", "semantic", "behavioral")


async def completed(client: Client, migration_id: str) -> None:
    await client.in_status(migration_id, "approved")
    await client.post(f"/v1/migrations/{migration_id}/start")
    await client.in_status(migration_id, "completed")


async def test_a_completed_migration_shows_every_kind_and_every_table(client: Client):
    migration_id = await client.migration()
    await completed(client, migration_id)

    shown = (await client.get(f"/v1/migrations/{migration_id}/validation")).json

    assert shown["status"] == "passed"
    assert {each["kind"]: each["status"] for each in shown["kinds"]} == {
        "structural": "passed",
        "statistical": "passed",
        "referential": "passed",
        "semantic": "not_requested",
        "behavioral": "not_requested",
        "content": "passed",
    }
    assert shown["certificate_id"].startswith("cert_")
    assert shown["tables_equal"] == shown["tables_total"] == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_shown_by_itself(client: Client, kind: str):
    migration_id = await client.migration()
    await completed(client, migration_id)

    shown = await client.get(f"/v1/migrations/{migration_id}/validation/{kind}")

    assert shown.status == 200
    assert shown.json["kind"] == kind
    assert shown.json["failed"] == 0


@pytest.mark.parametrize("kind", ["content", "nonsense", "structural%00"])
async def test_a_kind_that_there_is_not_is_not_found(client: Client, kind: str):
    migration_id = await client.migration()
    reply = await client.get(f"/v1/migrations/{migration_id}/validation/{kind}")
    assert reply.status == 404


async def test_skipped_validation_completes_without_a_certificate(client: Client):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")

    skipped = await client.post(
        f"/v1/migrations/{migration_id}/skip-validation", {"reason": "checked by hand"}
    )
    assert skipped.status == 200
    assert skipped.json["skipped"] == ["statistical", "referential", "semantic", "behavioral"]
    await completed(client, migration_id)

    shown = (await client.get(f"/v1/migrations/{migration_id}/validation")).json
    assert shown["skipped"]["reason"] == "checked by hand"
    assert shown["certificate_id"] is None
    refused = await client.get(f"/v1/migrations/{migration_id}/certificate")
    assert refused.status == 409
    assert refused.json["error"]["code"] == "certificate_not_issued"
    assert refused.json["error"]["details"] == {"reason": "validation_skipped"}


async def test_structure_and_contents_cannot_be_skipped(client: Client):
    migration_id = await client.migration()
    for kind in ("structural", "content"):
        reply = await client.post(
            f"/v1/migrations/{migration_id}/skip-validation", {"reason": "x", "kinds": [kind]}
        )
        assert reply.status == 409
        assert reply.json["error"]["code"] == "validation_required"


async def test_nothing_is_skipped_after_the_end(client: Client):
    migration_id = await client.migration()
    await completed(client, migration_id)
    reply = await client.post(f"/v1/migrations/{migration_id}/skip-validation", {"reason": "late"})
    assert reply.status == 409
    assert reply.json["error"]["code"] == "invalid_state"


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "x", "kinds": []}, {"reason": "x", "kinds": ["all"]}]
)
async def test_skipping_without_a_reason_or_of_no_kind_is_refused(client: Client, body: Any):
    migration_id = await client.migration()
    reply = await client.post(f"/v1/migrations/{migration_id}/skip-validation", body)
    assert reply.status == 422


def rule(expression: str, table: str = "public.orders") -> dict[str, Any]:
    return {"semantic": {"rules": [{"name": "r", "table": table, "expression": expression}]}}


def query(text: str) -> dict[str, Any]:
    return {"behavioral": {"queries": [{"name": "q", "query": text}]}}


async def create_with(client: Client, options: dict[str, Any]) -> Reply:
    body = {
        "name": "Shop",
        "source": {"connection_id": await client.connection("old")},
        "target": {"connection_id": await client.connection("new")},
        "options": options,
    }
    return await client.post("/v1/migrations", body)


@pytest.mark.parametrize(
    ("validation", "place"),
    [
        (rule("pg_sleep(1) > 0"), "expression"),
        (rule("(select true)"), "expression"),
        (rule("id > 0", table="orders"), "table"),
        (query("delete from public.a"), "query"),
        (query("select 1; select 2"), "query"),
    ],
)
async def test_rules_and_queries_that_may_not_run_are_refused_by_name(
    client: Client, validation: dict[str, Any], place: str
):
    reply = await create_with(client, {"validation": validation})
    assert reply.status == 422
    assert reply.json["detail"][0]["loc"][-1] == place
    assert "public.a" not in reply.json["detail"][0]["msg"]


async def test_every_kind_can_be_asked_for(client: Client):
    reply = await create_with(
        client,
        {
            "validation": {
                "statistical": {"enabled": True, "numeric_epsilon": 0.01},
                "semantic": {
                    "on_failure": "flag_and_continue",
                    "rules": [{"name": "r", "table": "public.orders", "expression": "id > 0"}],
                },
                "behavioral": {
                    "queries": [
                        {
                            "name": "q",
                            "query": "select count(*) from public.orders",
                            "fidelity": "semantic",
                        }
                    ]
                },
            }
        },
    )
    assert reply.status == 201
    await completed(client, reply.json["id"])
    for kind in KINDS:
        shown = (await client.get(f"/v1/migrations/{reply.json['id']}/validation/{kind}")).json
        assert shown["status"] == "passed"
        assert shown["checked"] >= 1
    certificate = (await client.get(f"/v1/migrations/{reply.json['id']}/certificate")).json
    assert [each["status"] for each in certificate["statement"]["kinds"]] == ["passed"] * 6


async def test_changing_the_options_may_not_bring_in_what_may_not_run(client: Client):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    refused = await client.send(
        "PATCH",
        f"/v1/migrations/{migration_id}",
        {"options": {"validation": query("select pg_sleep(100)")}},
    )
    assert refused.status == 422
    assert refused.json["detail"][0]["type"] == "query_refused"
