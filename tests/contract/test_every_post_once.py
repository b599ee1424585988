"""Every POST there is: a repeat with the same Idempotency-Key gets the first answer, and does
nothing. A POST that is new in the table of operations needs a request here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from msgspec import Struct
from tests.servers import PostgresTestServer
from tests.support.api.client import Client, connection_body
from tests.support.api.lives import follower, paused, refused, the_error
from tests.support.api.service import Service
from tests.support.migration.scenario import table

from sterna_api.http.repeats import REPLAYED_HEADER
from sterna_api.openapi.operation import Operation
from sterna_api.openapi.table import OPERATIONS
from sterna_core.journal.topics import key_of
from sterna_core.tasks.namespace_work import PrepareTarget

_ORG = "org_default"
_POSTS = [operation for operation in OPERATIONS if operation.method == "POST"]
_COPIES = "/v1/namespaces/migrations"
_COPY = f"{_COPIES}/{{namespace_migration_id}}"
_BEGUN = "select count(*) from sterna_answers.kept_answers where sealed is null"
_HOOK = {"url": "https://example.com/once", "events": ["*"]}


class Request(Struct):
    """A request that is right, and another body for the same path where it takes any."""

    path: str
    body: Any = None
    other: Any = None
    probed_id: str = ""
    """The connection that is looked at."""


async def _create_migration(service: Service, client: Client) -> Request:
    body = {
        "name": "once",
        "source": {"connection_id": await client.connection("old")},
        "target": {"connection_id": await client.connection("new")},
    }
    return Request("/v1/migrations", body, {**body, "name": "twice"})


async def _approve(service: Service, client: Client) -> Request:
    before = service.executors.tables
    service.executors.tables = (table("orders", status="pending"), table("customers"))
    try:
        migration_id = await client.migration()
        await client.in_status(migration_id, "plan_ready")
    finally:
        service.executors.tables = before
    path = f"/v1/migrations/{migration_id}/plan/mappings/map_orders/approve"
    return Request(path, {"approved": True}, {"approved": False, "comment": "no"})


async def _start(service: Service, client: Client) -> Request:
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    return Request(f"/v1/migrations/{migration_id}/start", {}, {"skip_approval": True})


async def _pause(service: Service, client: Client) -> Request:
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    service.executors.working.clear()
    try:
        await client.post(f"/v1/migrations/{migration_id}/start")
        # Whether it is running or not has nothing to do with executors here.
        return Request(f"/v1/migrations/{migration_id}/pause", {"reason": "a"}, {"reason": "b"})
    finally:
        service.executors.working.set()


async def _resume(service: Service, client: Client) -> Request:
    one = f"/v1/migrations/{await paused(service, client)}"
    return Request(f"{one}/resume")


async def _cancel(service: Service, client: Client) -> Request:
    one = f"/v1/migrations/{await paused(service, client)}"
    return Request(f"{one}/cancel", {"reason": "a"}, {"reason": "b"})


async def _resolve(service: Service, client: Client) -> Request:
    migration_id = await refused(service, client)
    error = await the_error(client, migration_id)
    body = {"resolution": "skip", "reason": "a"}
    path = f"/v1/migrations/{migration_id}/errors/{error['id']}/resolve"
    return Request(path, body, {**body, "reason": "b"})


async def _retry_error(service: Service, client: Client) -> Request:
    migration_id = await refused(service, client)
    error = await the_error(client, migration_id)
    path = f"/v1/migrations/{migration_id}/errors/{error['id']}/retry"
    return Request(path, {"reason": "a"}, {"reason": "b"})


async def _schedule(service: Service, client: Client) -> Request:
    one = f"/v1/migrations/{await client.migration()}"
    body = {"start_at": "2090-01-01T00:00:00Z"}
    return Request(f"{one}/schedule", body, {"start_at": "2091-01-01T00:00:00Z"})


async def _checkpoint(service: Service, client: Client) -> Request:
    one = f"/v1/migrations/{await paused(service, client)}"
    return Request(f"{one}/checkpoints", {"reason": "a"}, {"reason": "b"})


async def _restore(service: Service, client: Client) -> Request:
    one = f"/v1/migrations/{await paused(service, client)}"
    made = await client.post(f"{one}/checkpoints", {})
    other = {"checkpoint_id": "ckpt_nothing"}
    return Request(f"{one}/restore", {"checkpoint_id": made.json["id"]}, other)


async def _rollback(service: Service, client: Client) -> Request:
    one = f"/v1/migrations/{await paused(service, client)}"
    return Request(f"{one}/rollback", {}, {"strategy": "truncate"})


async def _stop(service: Service, client: Client) -> Request:
    one = f"/v1/migrations/{await follower(client)}"
    return Request(f"{one}/stop", {}, {"immediate": True})


async def _skip_validation(service: Service, client: Client) -> Request:
    one = f"/v1/migrations/{await client.migration()}"
    return Request(f"{one}/skip-validation", {"reason": "a"}, {"reason": "b"})


async def _config(client: Client) -> dict[str, Any]:
    """Make a namespace, and ask for it to be copied."""
    made = await client.post("/v1/namespaces", {"name": f"space_{uuid4().hex[:12]}"})
    return {"migration_type": "copy", "source_namespace_id": made.json["id"]}


async def _copy_namespace(service: Service, client: Client) -> Request:
    config = await _config(client)
    return Request(f"{_COPIES}/", {"config": config}, {"config": {**config, "dry_run": True}})


async def _validate_copy(service: Service, client: Client) -> Request:
    config = await _config(client)
    other = {"config": {**config, "dry_run": True}}
    return Request(f"{_COPIES}/validate", {"config": config}, other)


async def _list_copies(service: Service, client: Client) -> Request:
    return Request(f"{_COPIES}/list", {"limit": 1}, {"limit": 2})


async def _copy(service: Service, client: Client) -> str:
    made = await client.post(f"{_COPIES}/", {"config": await _config(client)})
    return f"{_COPIES}/{made.json['migration_id']}"


async def _held_copy(service: Service, client: Client) -> str:
    """Give a copy that was started, and that no executor begins."""
    service.executors.silent.add(PrepareTarget)
    one = await _copy(service, client)
    await client.post(f"{one}/start")
    return one


async def _start_copy(service: Service, client: Client) -> Request:
    return Request(f"{await _copy(service, client)}/start", {}, {"force": True})


async def _pause_copy(service: Service, client: Client) -> Request:
    one = await _held_copy(service, client)
    return Request(f"{one}/pause", {"reason": "a"}, {"reason": "b"})


async def _resume_copy(service: Service, client: Client) -> Request:
    one = await _held_copy(service, client)
    await client.post(f"{one}/pause", {"immediate": True})
    return Request(f"{one}/resume", {}, {"accept_benchmark": True})


async def _cancel_copy(service: Service, client: Client) -> Request:
    one = await _held_copy(service, client)
    return Request(f"{one}/cancel", {"reason": "a"}, {"reason": "b"})


async def _roll_back_copy(service: Service, client: Client) -> Request:
    one = await _copy(service, client)
    await client.post(f"{one}/start")
    await client.until(one, lambda body: body["status"] == "completed")
    return Request(f"{one}/rollback", {"reason": "a"}, {"reason": "b"})


async def _create_connection(service: Service, client: Client) -> Request:
    return Request("/v1/connections", connection_body("once"), connection_body("twice"))


async def _test_connection(service: Service, client: Client) -> Request:
    connection_id = await client.connection()
    one = f"/v1/connections/{connection_id}"
    await client.until(one, lambda body: body["status"] == "failed")
    return Request(f"{one}/test", probed_id=connection_id)


async def _create_webhook(service: Service, client: Client) -> Request:
    return Request("/v1/webhooks", _HOOK, {**_HOOK, "url": "https://example.com/twice"})


async def _webhook(client: Client) -> str:
    made = await client.post("/v1/webhooks", _HOOK)
    return f"/v1/webhooks/{made.json['id']}"


async def _test_webhook(service: Service, client: Client) -> Request:
    one = await _webhook(client)
    body = {"event_type": "migration.completed"}
    return Request(f"{one}/test", body, {"event_type": "migration.failed"})


async def _rotate_secret(service: Service, client: Client) -> Request:
    one = await _webhook(client)
    return Request(f"{one}/rotate-secret", {"overlap_seconds": 5}, {"overlap_seconds": 6})


async def _retry_delivery(service: Service, client: Client) -> Request:
    one = await _webhook(client)
    sent = await client.post(f"{one}/test", {"event_type": "migration.completed"})
    await client.until(
        f"{one}/deliveries?min_position={sent.position}", lambda body: bool(body["data"])
    )
    return Request(f"{one}/deliveries/{sent.json['delivery_id']}/retry")


async def _create_key(service: Service, client: Client) -> Request:
    return Request("/v1/api-keys", {"name": "once"}, {"name": "twice"})


async def _rotate_key(service: Service, client: Client) -> Request:
    made = await client.post("/v1/api-keys", {"name": "rotated"})
    path = f"/v1/api-keys/{made.json['id']}/rotate"
    return Request(path, {"overlap_seconds": 5}, {"overlap_seconds": 6})


async def _create_feed(service: Service, client: Client) -> Request:
    return Request("/v1/calendar/feeds", {"name": "once"}, {"name": "twice"})


async def _create_namespace(service: Service, client: Client) -> Request:
    name = f"once_{uuid4().hex}"
    return Request("/v1/namespaces", {"name": name}, {"name": name, "description": "twice"})


async def _namespace(client: Client) -> str:
    """Make a namespace with a bucket, a collection and a retriever, and give its path."""
    uri = "sterna://words@v1/embedding"
    words = {"feature_extractor_name": "words", "version": "v1"}
    outputs = [{"name": "embedding", "dimensions": 2}]
    body = {
        "name": f"once_{uuid4().hex}",
        "feature_extractors": [{**words, "outputs": outputs}],
    }
    one = f"/v1/namespaces/{(await client.post('/v1/namespaces', body)).json['id']}"
    search = {"stage_type": "feature_search", "config": {"feature_uri": uri}}
    for path, definition in (
        ("buckets/b", {}),
        ("collections/c", {}),
        ("retrievers/r", {"stages": [search]}),
    ):
        put = await client.send("PUT", f"{one}/{path}", {"definition": definition})
        assert put.status == 200, put.text
    return one


async def _upload_documents(service: Service, client: Client) -> Request:
    line = {"document_id": "d", "collection_id": "c"}
    return Request(f"{await _namespace(client)}/documents", line)


async def _upload_objects(service: Service, client: Client) -> Request:
    return Request(f"{await _namespace(client)}/buckets/b/objects", {"object_id": "o"})


async def _execute(service: Service, client: Client) -> Request:
    path = f"{await _namespace(client)}/retrievers/r/execute"
    return Request(path, {"inputs": {"vector": [1, 0]}}, {"inputs": {"vector": [0, 1]}})


async def _interact(service: Service, client: Client) -> Request:
    one = await _namespace(client)
    body = msgspec.json.encode({"document_id": "d", "collection_id": "c"})
    headers = {"Content-Type": "application/x-ndjson"}
    assert (await client.post(f"{one}/documents", raw=body, headers=headers)).status == 200
    click = {"document_id": "d", "type": "click"}
    return Request(f"{one}/retrievers/r/interactions", click, {**click, "type": "view"})


_ONE = "/v1/migrations/{migration_id}"
_HOOKS = "/v1/webhooks/{webhook_id}"
_SPACE = "/v1/namespaces/{namespace_id}"
_REQUESTS: dict[str, Callable[[Service, Client], Awaitable[Request]]] = {
    "/v1/migrations": _create_migration,
    f"{_ONE}/plan/mappings/{{mapping_id}}/approve": _approve,
    f"{_ONE}/start": _start,
    f"{_ONE}/pause": _pause,
    f"{_ONE}/resume": _resume,
    f"{_ONE}/cancel": _cancel,
    f"{_ONE}/errors/{{error_id}}/resolve": _resolve,
    f"{_ONE}/errors/{{error_id}}/retry": _retry_error,
    f"{_ONE}/schedule": _schedule,
    f"{_ONE}/checkpoints": _checkpoint,
    f"{_ONE}/restore": _restore,
    f"{_ONE}/rollback": _rollback,
    f"{_ONE}/stop": _stop,
    f"{_ONE}/skip-validation": _skip_validation,
    f"{_COPIES}/": _copy_namespace,
    f"{_COPIES}/validate": _validate_copy,
    f"{_COPIES}/list": _list_copies,
    f"{_COPY}/start": _start_copy,
    f"{_COPY}/pause": _pause_copy,
    f"{_COPY}/resume": _resume_copy,
    f"{_COPY}/cancel": _cancel_copy,
    f"{_COPY}/rollback": _roll_back_copy,
    "/v1/connections": _create_connection,
    "/v1/connections/{connection_id}/test": _test_connection,
    "/v1/webhooks": _create_webhook,
    f"{_HOOKS}/test": _test_webhook,
    f"{_HOOKS}/rotate-secret": _rotate_secret,
    f"{_HOOKS}/deliveries/{{delivery_id}}/retry": _retry_delivery,
    "/v1/namespaces": _create_namespace,
    f"{_SPACE}/documents": _upload_documents,
    f"{_SPACE}/buckets/{{resource_id}}/objects": _upload_objects,
    f"{_SPACE}/retrievers/{{resource_id}}/execute": _execute,
    f"{_SPACE}/retrievers/{{resource_id}}/interactions": _interact,
    "/v1/calendar/feeds": _create_feed,
    "/v1/api-keys": _create_key,
    "/v1/api-keys/{api_key_id}/rotate": _rotate_key,
}


def _done(service: Service, request: Request) -> int:
    """Count what people have asked of aggregates, and how often a connection was looked at."""
    records = (
        record
        for partition in range(service.topics.partitions)
        for record in service.log.records(service.topics.commands, partition)
    )
    probed = key_of(_ORG, request.probed_id)
    actors = [(dict(record.headers)["ce_actor"], record.key == probed) for record in records]
    return sum(
        actor == b"key_bootstrap" or (actor == b"probe" and is_probed)
        for actor, is_probed in actors
    )


@pytest.mark.parametrize("operation", _POSTS, ids=lambda each: each.path)
async def test_a_repeat_of_any_post_gets_the_first_answer_and_does_nothing(
    service: Service, client: Client, operation: Operation
):
    assert operation.path in _REQUESTS, f"POST {operation.path} needs a request in this test"
    request, key = await _REQUESTS[operation.path](service, client), str(uuid4())
    first = await client.post(request.path, request.body, key=key)
    assert first.status in operation.answers, first.text
    assert REPLAYED_HEADER not in first.headers
    done = _done(service, request)

    again = await client.post(request.path, request.body, key=key)
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers.get("Sterna-Position") == first.headers.get("Sterna-Position")
    assert again.headers.get("ETag") == first.headers.get("ETag")
    assert again.headers[REPLAYED_HEADER] == "true"

    if request.other is None:
        other = await client.post("/v1/connections", connection_body("other"), key=key)
    else:
        other = await client.post(request.path, request.other, key=key)
    assert other.status == 422, other.text
    assert other.json["detail"][0]["type"] == "idempotency_key_reused"
    assert _done(service, request) == done


@pytest.mark.parametrize("operation", _POSTS, ids=lambda each: each.path)
async def test_where_the_answers_were_lost_the_journal_still_knows_every_command(
    service: Service, client: Client, operation: Operation
):
    request, key = await _REQUESTS[operation.path](service, client), str(uuid4())
    first = await client.post(request.path, request.body, key=key)
    await service.answers.forget(seconds=0, most=1_000)
    again = await client.post(request.path, request.body, key=key)
    assert REPLAYED_HEADER not in again.headers
    assert again.status == first.status, again.text
    for field in ("id", "key", "secret", "url", "delivery_id"):
        assert again.json.get(field) == first.json.get(field)


async def test_the_table_names_every_post_that_is_tried_here():
    assert set(_REQUESTS) == {operation.path for operation in _POSTS}


async def test_a_refusal_is_repeated_too_and_what_was_not_tried_is_not(client: Client):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    path = f"/v1/migrations/{migration_id}/pause"
    first = await client.post(path, key="too-early")
    assert first.status == 409
    await client.post(f"/v1/migrations/{migration_id}/start")
    again = await client.post(path, key="too-early")
    assert (again.status, again.text) == (409, first.text)

    wrong = await client.post("/v1/webhooks", {**_HOOK, "url": "nowhere"}, key="put-right")
    assert wrong.status == 422
    right = await client.post("/v1/webhooks", _HOOK, key="put-right")
    assert right.status == 201, right.text


async def test_the_same_key_on_another_path_is_another_request(client: Client):
    first = await client.post("/v1/webhooks", _HOOK, key="two-paths")
    assert first.status == 201
    other = await client.post("/v1/api-keys", {"name": "other"}, key="two-paths")
    assert other.status == 422
    assert other.json["detail"][0]["type"] == "idempotency_key_reused"


async def test_nobody_else_gets_an_answer_that_holds_a_secret(service: Service, client: Client):
    made = await client.post("/v1/api-keys", {"name": "one", "scopes": ["admin:*"]})
    weaker = service.client(made.json["key"])
    body = {"name": "strong"}
    first = await client.post("/v1/api-keys", body, key="whose")
    assert first.status == 201
    stolen = await weaker.post("/v1/api-keys", body, key="whose")
    assert stolen.status == 422
    await service.answers.forget(seconds=0, most=1_000)
    stolen = await weaker.post("/v1/api-keys", body, key="whose")
    assert stolen.status == 422
    assert first.json["key"] not in stolen.text


async def test_an_answer_is_kept_sealed_and_goes_after_its_time(service: Service, client: Client):
    first = await client.post("/v1/webhooks", _HOOK, key="sealed")
    async with service.database.session() as connection:
        kept = "select * from sterna_answers.kept_answers"
        rows = [str(dict(row)) for row in await connection.fetch(kept)]
        assert rows
        for secret in (first.json["secret"], first.json["id"], "example.com"):
            assert not [row for row in rows if secret in row]
    assert await service.answers.forget(seconds=3600, most=1_000) == 0
    assert await service.answers.forget(seconds=0, most=1_000) > 0
    other = await client.post("/v1/api-keys", {"name": "new"}, key="sealed")
    assert other.status == 201, other.text


@pytest.fixture
async def hasty(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """A service in which a repeat does not wait for long."""
    async with Service(await postgres_server.create_database(), command_seconds=0.3) as running:
        yield running


async def test_a_repeat_of_what_takes_long_is_told_to_come_again_and_then_gets_the_answer(
    hasty: Service,
):
    client, over = hasty.client(), asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        body = connection_body("silent")
        body["config"]["port"] = server.sockets[0].getsockname()[1]
        made = await client.post("/v1/connections", body)
        path = f"/v1/connections/{made.json['id']}/test"
        first = asyncio.create_task(client.post(path, key="slow"))
        async with hasty.database.session() as connection:
            while not await connection.fetchval(_BEGUN):  # ruff: ignore[async-busy-wait]  # PostgreSQL has no event for it
                await asyncio.sleep(0.01)
        early = await client.post(path, key="slow")
        assert early.status == 409, early.text
        assert early.json["error"]["code"] == "request_in_progress"
        assert int(early.headers["Retry-After"]) >= 1
        assert not over.is_set()
        over.set()
        answered = await first
        assert answered.status == 200, answered.text
        again = await client.post(path, key="slow")
        assert (again.status, again.text) == (200, answered.text)
