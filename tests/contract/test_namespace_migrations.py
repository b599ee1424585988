"""Migrations of namespaces over HTTP, held against the interface that they have to have."""

from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import uuid4

import pytest
from tests.support.api.client import Client, Reply
from tests.support.api.service import Service
from tests.support.namespace_migration.interface import Interface

from sterna_core.errors import Unreachable
from sterna_core.namespace.store_place import StorePlace
from sterna_core.namespace_store.store import NamespaceStore
from sterna_core.tasks import namespace_work as wk

ALL = "/v1/namespaces/migrations"
INTERFACE = Interface()
PLAIN: dict[str, dict[str, Any]] = {
    "buckets/bkt_1": {},
    "collections/col_1": {"source": {"type": "bucket", "bucket_ids": ["bkt_1"]}},
    "clusters/clu_1": {"collection_ids": ["col_1"]},
}
WARNED = {
    **PLAIN,
    "retrievers/ret_1": {"collection_ids": ["col_1"]},
    "taxonomies/tax_1": {
        "retriever_id": "ret_1",
        "source_collection": {"collection_id": "col_1"},
    },
}


async def namespace(client: Client, resources: dict[str, dict[str, Any]] | None = None) -> str:
    """Make a namespace."""
    made = await client.post("/v1/namespaces", {"name": f"space_{uuid4().hex[:12]}"})
    assert made.status == 201, made.text
    name: str = made.json["id"]
    await put(client, name, PLAIN if resources is None else resources)
    return name


async def put(client: Client, name: str, resources: dict[str, dict[str, Any]]) -> None:
    for path, definition in resources.items():
        one = f"/v1/namespaces/{name}/{path}"
        reply = await client.send("PUT", one, {"definition": definition})
        assert reply.status in {200, 201}, reply.text


def config(source: str, **more: Any) -> dict[str, Any]:
    return {"config": {"migration_type": "copy", "source_namespace_id": source, **more}}


async def asked(client: Client, method: str, path: str, body: Any = None) -> Reply:
    """Send a request; its answer has to be what the interface says."""
    reply = await client.send(method, path, body)
    INTERFACE.check_answer(method, path, reply.status, reply.json if reply.text else None)
    return reply


async def created(client: Client, resources: dict[str, dict[str, Any]] | None = None) -> str:
    reply = await asked(client, "POST", f"{ALL}/", config(await namespace(client, resources)))
    assert reply.status == 201, reply.text
    migration_id: str = reply.json["migration_id"]
    return migration_id


async def in_status(client: Client, migration_id: str, status: str) -> Any:
    return await client.until(f"{ALL}/{migration_id}", lambda body: body["status"] == status)


async def test_a_migration_is_created_started_followed_and_deleted(
    service: Service, client: Client
) -> None:
    migration_id = await created(client)
    one = f"{ALL}/{migration_id}"
    draft = (await asked(client, "GET", one)).json
    assert draft["status"] == "draft"
    assert draft["config"]["dry_run"] is False
    assert draft["dependency_graph"]["execution_order"] == ["bkt_1", "col_1", "clu_1"]
    assert draft["validation_result"]["estimated_resources"] == {
        "bucket": 1,
        "collection": 1,
        "cluster": 1,
    }
    started = await asked(client, "POST", f"{one}/start", {})
    assert started.status == 200
    assert started.json["status"] == "pending"
    done = await in_status(client, migration_id, "completed")
    INTERFACE.check_answer("GET", one, 200, done)
    assert done["task_id"] == started.json["task_id"]
    assert done["started_at"] == started.json["started_at"]
    progress = done["progress"]
    assert progress["overall_progress_percent"] == pytest.approx(100)
    assert {each["status"] for each in progress["stages"]} == {"completed"}
    assert {each["status"] for each in progress["resources"]} == {"completed"}
    assert [each["items_total"] for each in progress["stages"]] == [4, 2, 12, 1, 0, 0, 4]
    assert (await asked(client, "DELETE", one)).status == 204
    assert (await asked(client, "GET", one)).status == 404
    assert (await asked(client, "DELETE", one)).status == 404


async def test_start_immediately_begins_where_nothing_stands_against_it(
    service: Service, client: Client
) -> None:
    for resources, status in ((PLAIN, "pending"), (WARNED, "draft")):
        body = {**config(await namespace(client, resources)), "start_immediately": True}
        reply = await asked(client, "POST", f"{ALL}/", body)
        assert (reply.status, reply.json["status"]) == (201, status), reply.text


async def test_a_draft_is_told_by_its_id_whatever_keeps_it_from_starting(
    service: Service, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = await namespace(client), await namespace(client, {})
    entered = service.stores.store
    visits = 0

    def away(place: StorePlace) -> AbstractAsyncContextManager[NamespaceStore]:
        """Lend the store to the two looks of the creation, and to nobody after them."""
        nonlocal visits
        visits += 1
        if visits > 2:
            raise Unreachable("The store is away.")
        return entered(place)

    body = {**config(source, target_namespace_id=target), "start_immediately": True}
    with monkeypatch.context() as patch:
        patch.setattr(service.stores, "store", away)
        reply = await asked(client, "POST", f"{ALL}/", body)
    assert (reply.status, reply.json["status"]) == (201, "draft"), reply.text
    assert "The store is away." in reply.json["message"]
    one = f"{ALL}/{reply.json['migration_id']}"
    assert (await asked(client, "POST", f"{one}/start")).status == 200


async def test_a_dry_run_makes_no_webhook(service: Service, client: Client) -> None:
    dry = config(await namespace(client), dry_run=True, webhook_url="http://127.0.0.1:9/hook")
    before = (await client.get("/v1/webhooks")).json["data"]
    made = await asked(client, "POST", f"{ALL}/", dry)
    assert (made.status, "webhook" in made.json) == (201, False), made.text
    await service.caught_up()
    assert (await client.get("/v1/webhooks")).json["data"] == before
    one = f"{ALL}/{made.json['migration_id']}"
    assert "webhook_id" not in (await asked(client, "GET", one)).json["additional_data"]
    assert (await asked(client, "DELETE", one)).status == 204


async def test_warnings_are_overridden_by_force_and_errors_by_nothing(
    service: Service, client: Client
) -> None:
    warned = await created(client, WARNED)
    refused = await asked(client, "POST", f"{ALL}/{warned}/start")
    assert (refused.status, refused.json["error"]["code"]) == (400, "validation_warnings")
    assert (await asked(client, "POST", f"{ALL}/{warned}/start", {"force": True})).status == 200
    alone = {"collection_ids": ["col_1"], "auto_include_dependencies": False}
    body = config(await namespace(client), filters=alone)
    wrong = (await asked(client, "POST", f"{ALL}/", body)).json["migration_id"]
    refused = await asked(client, "POST", f"{ALL}/{wrong}/start", {"force": True})
    assert (refused.status, refused.json["error"]["code"]) == (400, "validation_failed")


async def test_what_is_started_is_the_namespace_as_it_is_then(
    service: Service, client: Client
) -> None:
    source = await namespace(client)
    made = await asked(client, "POST", f"{ALL}/", config(source))
    await put(client, source, {"buckets/bkt_2": {}})
    migration_id = made.json["migration_id"]
    assert (await asked(client, "POST", f"{ALL}/{migration_id}/start")).status == 200
    done = await in_status(client, migration_id, "completed")
    assert "bkt_2" in {each["resource_id"] for each in done["progress"]["resources"]}


async def test_validate_says_what_would_be_and_makes_nothing(
    service: Service, client: Client
) -> None:
    body = config(await namespace(client, WARNED))
    before = (await asked(client, "POST", f"{ALL}/list", {})).json["total"]
    reply = await asked(client, "POST", f"{ALL}/validate", body)
    assert reply.status == 200
    found = reply.json["validation_result"]
    assert found["valid"] is True
    assert [each["type"] for each in found["warnings"]] == ["preserved_id_refers_to_new_id"]
    assert {each["tier"] for each in reply.json["dependency_graph"]["nodes"]} == {0, 1, 2, 3}
    assert (await asked(client, "POST", f"{ALL}/list", {})).json["total"] == before
    unknown = await asked(client, "POST", f"{ALL}/validate", config("ns_nobody"))
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "namespace_not_found")


WORDS = {
    "feature_extractor_name": "words",
    "version": "v1",
    "outputs": [{"name": "embedding", "dimensions": 3}],
}


async def test_a_target_that_is_there_has_to_be_fit_for_what_comes(
    service: Service, client: Client
) -> None:
    source = await namespace(client)
    for given, wrong in (
        ({"target_namespace_id": await namespace(client, {})}, []),
        ({"target_namespace_id": "ns_" + "f" * 32}, []),
        ({"target_namespace_id": await namespace(client)}, ["target_not_empty"]),
        ({"target_namespace_id": "nowhere"}, ["namespace_id"]),
        ({"target_namespace_id": source}, ["same_namespace"]),
        ({"target_namespace_id": await with_words(client)}, ["target_features_differ"]),
        (
            {"target_namespace_id": await namespace(client, {}), "target_namespace_name": "new"},
            ["target_name_differs"],
        ),
    ):
        reply = await asked(client, "POST", f"{ALL}/validate", config(source, **given))
        found = reply.json["validation_result"]
        assert [each["type"] for each in found["errors"]] == wrong, given


async def test_a_name_that_cannot_be_the_targets_is_an_error_before_anything_begins(
    service: Service, client: Client
) -> None:
    source = await namespace(client)
    taken = (await client.get(f"/v1/namespaces/{source}")).json["name"]
    for name, wrong in (
        (f"space_{uuid4().hex[:12]}", []),
        (taken, ["namespace_name_taken"]),
        ("no spaces", ["name_invalid"]),
        ("migrations", ["name_reserved"]),
    ):
        body = config(source, target_namespace_name=name)
        found = (await asked(client, "POST", f"{ALL}/validate", body)).json["validation_result"]
        assert [each["type"] for each in found["errors"]] == wrong, name


async def with_words(client: Client) -> str:
    body = {"name": f"space_{uuid4().hex[:12]}", "feature_extractors": [WORDS]}
    name: str = (await client.post("/v1/namespaces", body)).json["id"]
    return name


async def test_a_draft_whose_target_is_gone_is_not_started(
    service: Service, client: Client
) -> None:
    target, source = await namespace(client, {}), await namespace(client)
    body = config(source, target_namespace_id=target)
    one = (await asked(client, "POST", f"{ALL}/", body)).json["migration_id"]
    assert (await client.delete(f"/v1/namespaces/{target}")).status == 200
    await service.caught_up()
    assert (await asked(client, "POST", f"{ALL}/{one}/start", {"force": True})).status == 400
    await service.caught_up()
    found = (await asked(client, "GET", f"{ALL}/{one}")).json["validation_result"]
    assert [each["type"] for each in found["errors"]] == ["target_not_found"]


async def test_a_type_that_is_not_carried_out_is_an_error(service: Service, client: Client) -> None:
    body = config(await namespace(client), migration_type="extend")
    found = (await asked(client, "POST", f"{ALL}/validate", body)).json["validation_result"]
    assert [each["type"] for each in found["errors"]] == ["not_supported"]


async def test_lists_are_filtered_and_cut_into_pages(service: Service, client: Client) -> None:
    source = await namespace(client)
    made = [
        (await asked(client, "POST", f"{ALL}/", config(source))).json["migration_id"]
        for _ in range(3)
    ]
    await service.caught_up()
    wanted = {"source_namespace_id": source, "status": "draft", "migration_type": "copy"}
    first = (await asked(client, "POST", f"{ALL}/list", {**wanted, "limit": 2})).json
    rest = (await asked(client, "POST", f"{ALL}/list", {**wanted, "limit": 2, "offset": 2})).json
    assert (first["total"], rest["total"]) == (3, 3)
    listed = [each["migration_id"] for each in (*first["results"], *rest["results"])]
    assert listed == made[::-1]
    none = (await asked(client, "POST", f"{ALL}/list", {**wanted, "status": "failed"})).json
    assert (none["total"], none["results"]) == (0, [])


async def test_a_cancelled_migration_stays_cancelled(service: Service, client: Client) -> None:
    service.executors.silent.add(wk.PrepareTarget)
    try:
        migration_id = await created(client)
        one = f"{ALL}/{migration_id}"
        await asked(client, "POST", f"{one}/start")
        cancelled = await asked(client, "POST", f"{one}/cancel", {"reason": "enough"})
        assert (cancelled.status, cancelled.json["status"]) == (200, "cancelled")
        again = await asked(client, "POST", f"{one}/cancel")
        assert again.json["cancelled_at"] == cancelled.json["cancelled_at"]
        refused = await asked(client, "POST", f"{one}/start")
        assert (refused.status, refused.json["error"]["code"]) == (400, "invalid_state")
    finally:
        service.executors.silent.clear()


async def test_a_task_is_found_for_as_long_as_its_migration_is_there(
    service: Service, client: Client
) -> None:
    migration_id = await created(client)
    task = f"/v1/tasks/tsk_{migration_id.removeprefix('nmig_')}"
    assert (await client.get(task)).json["status"] == "DRAFT"
    await client.post(f"{ALL}/{migration_id}/start")
    done = await client.until(task, lambda body: body["status"] == "COMPLETED")
    assert done["task_type"] == "api_namespaces_migrations_run"
    await service.rebuild()
    assert (await client.get(task)).json == done
    gone = await client.delete(f"{ALL}/{migration_id}")
    assert (await client.get(f"{task}?min_position={gone.position}")).status == 404


async def test_a_migration_of_a_database_is_a_task_too(service: Service, client: Client) -> None:
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    task = await client.get(f"/v1/tasks/tsk_{migration_id.removeprefix('mig_')}")
    assert (task.status, task.json["status"]) == (200, "DRAFT")
    assert task.json["additional_data"]["migration_id"] == migration_id


async def test_others_do_not_see_it(service: Service, client: Client) -> None:
    migration_id = await created(client)
    other = await service.other_client("org_elsewhere")
    assert (await asked(other, "GET", f"{ALL}/{migration_id}")).status == 404
    assert (await asked(other, "POST", f"{ALL}/{migration_id}/start")).status == 404
    assert (await asked(other, "POST", f"{ALL}/list", {})).json["total"] == 0


async def test_a_failed_stage_says_why_and_goes_on_once_resumed(
    service: Service, client: Client
) -> None:
    service.executors.failing[wk.BringCluster] = "unreadable_artifact"
    migration_id = await created(client)
    try:
        await asked(client, "POST", f"{ALL}/{migration_id}/start")
        failed = await in_status(client, migration_id, "failed")
    finally:
        service.executors.failing.clear()
    assert failed["error_message"] == "It did not work."
    assert failed["progress"]["current_stage"] == "cluster_execution"
    assert (await client.post(f"{ALL}/{migration_id}/resume")).status == 200
    await in_status(client, migration_id, "completed")


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("/", {"config": {"migration_type": "move", "source_namespace_id": "ns_1"}}),
        ("/", {"config": {"migration_type": "copy"}}),
        ("/", config("ns_1", batch_options={"batch_size": 1001})),
        ("/", config("ns_1", batch_options={"max_workers": 0})),
        ("/list", {"limit": 1001}),
        ("/list", {"offset": -1}),
        (
            "/validate",
            config("ns_1", feature_extractors=[{"feature_extractor_name": "x", "parameters": 5}]),
        ),
        (
            "/validate",
            config(
                "ns_1",
                feature_extractors=[{"feature_extractor_name": "x", "parameters": {"much": 2**70}}],
            ),
        ),
    ],
)
async def test_limits_are_the_interfaces(client: Client, where: str, body: Any) -> None:
    assert (await asked(client, "POST", f"{ALL}{where}", body)).status == 422


def test_every_operation_and_model_is_described_as_the_interface_has_it() -> None:
    assert INTERFACE.differences() == []


async def test_options_of_a_benchmark_are_kept_as_given_and_checked(
    service: Service, client: Client
) -> None:
    query = {"query_id": "q1", "query_input": "a kettle", "relevant_documents": ["doc_1"]}
    options = {"gate": "warn", "queries": [query], "k_values": [5, 10]}
    source = await namespace(client)
    made = await asked(client, "POST", f"{ALL}/", config(source, benchmark_options=options))
    shown = (await asked(client, "GET", f"{ALL}/{made.json['migration_id']}")).json
    kept = shown["config"]["benchmark_options"]
    assert (kept["gate"], kept["k_values"], kept["max_drop"]) == ("warn", [5, 10], 0.02)
    assert [each["query_id"] for each in kept["queries"]] == ["q1"]
    plain = await created(client)
    shown = (await asked(client, "GET", f"{ALL}/{plain}")).json
    assert "benchmark_options" not in shown["config"]
    for wrong in (
        {"gate": "stop"},
        {"k_values": []},
        {"queries": [query, query]},
        {"queries": [{**query, "relevant_documents": []}]},
        {
            "queries": [
                {**query, "query_input": "x" * 9_000, "query_id": f"q{n}"} for n in range(20)
            ]
        },
    ):
        reply = await asked(
            client, "POST", f"{ALL}/validate", config(source, benchmark_options=wrong)
        )
        assert reply.status == 422, wrong
    unknown = config(source, benchmark_options={"retriever_ids": ["ret_gone"]})
    found = (await asked(client, "POST", f"{ALL}/validate", unknown)).json["validation_result"]
    assert [each["type"] for each in found["errors"]] == ["not_found"]
    body = {"accept_benchmark": True}
    refused = await client.send("POST", f"{ALL}/{plain}/resume", body)
    assert (refused.status, refused.json["error"]["code"]) == (400, "invalid_state")
