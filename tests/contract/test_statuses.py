"""Every status can be reached and is shown, and what is not allowed in it is refused by its code."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, get_args

import pytest
from tests.support.api.client import Client
from tests.support.api.service import Service
from tests.support.migration.scenario import table

from sterna_core.migration.status import Status
from sterna_core.tasks import work as wk

pytestmark = pytest.mark.usefixtures("_as_before")

ONE = "/v1/migrations"
Stage = Callable[[Service, Client], Awaitable[str]]


@pytest.fixture
async def _as_before(service: Service) -> AsyncIterator[None]:
    """Let the executors work again after each test."""
    tables = service.executors.tables
    yield
    service.executors.tables = tables
    service.executors.failing.clear()
    service.executors.silent.clear()
    service.executors.planning.set()
    service.executors.working.set()


async def pending(service: Service, client: Client) -> str:
    service.executors.working.clear()
    return await client.migration()


async def planning(service: Service, client: Client) -> str:
    service.executors.planning.clear()
    return await client.migration()


async def plan_ready(service: Service, client: Client) -> str:
    service.executors.tables = (table("orders"), table("odd", status="pending"))
    return await client.migration()


async def unplanned(service: Service, client: Client) -> str:
    service.executors.failing[wk.PlanMigration] = "source_unreachable"
    return await client.migration()


async def target_away(service: Service, client: Client) -> str:
    service.executors.failing[wk.PlanMigration] = "target_unreachable"
    return await client.migration()


async def approved(service: Service, client: Client, **fields: Any) -> str:
    migration_id = await client.migration(**fields)
    await client.in_status(migration_id, "approved")
    return migration_id


async def running(service: Service, client: Client) -> str:
    migration_id = await approved(service, client)
    service.executors.working.clear()
    await client.post(f"{ONE}/{migration_id}/start")
    return migration_id


async def pausing(service: Service, client: Client) -> str:
    migration_id = await running(service, client)
    await client.post(f"{ONE}/{migration_id}/pause")
    return migration_id


async def paused(service: Service, client: Client) -> str:
    migration_id = await pausing(service, client)
    service.executors.working.set()
    return migration_id


async def validating(service: Service, client: Client) -> str:
    service.executors.silent.add(wk.CompareTable)
    migration_id = await approved(service, client)
    await client.post(f"{ONE}/{migration_id}/start")
    return migration_id


async def completed(service: Service, client: Client) -> str:
    migration_id = await approved(service, client)
    await client.post(f"{ONE}/{migration_id}/start")
    return migration_id


async def failed(service: Service, client: Client) -> str:
    service.executors.failing[wk.CreateSchema] = "target_conflict"
    return await completed(service, client)


async def cancelled(service: Service, client: Client) -> str:
    migration_id = await approved(service, client)
    await client.post(f"{ONE}/{migration_id}/cancel", {"reason": "enough"})
    return migration_id


async def rolling_back(service: Service, client: Client) -> str:
    migration_id = await running(service, client)
    await client.post(f"{ONE}/{migration_id}/cancel", {"rollback": True})
    return migration_id


async def rolled_back(service: Service, client: Client) -> str:
    migration_id = await rolling_back(service, client)
    service.executors.working.set()
    return migration_id


async def rollback_failed(service: Service, client: Client) -> str:
    service.executors.failing[wk.RollBack] = "rollback_failed"
    return await rolled_back(service, client)


STAGES: dict[Stage, Status] = {
    pending: "pending",
    planning: "planning",
    plan_ready: "plan_ready",
    unplanned: "failed",
    target_away: "failed",
    approved: "approved",
    running: "running",
    pausing: "pausing",
    paused: "paused",
    validating: "validating",
    completed: "completed",
    failed: "failed",
    cancelled: "cancelled",
    rolling_back: "rolling_back",
    rolled_back: "rolled_back",
    rollback_failed: "failed",
}

APPROVE = "/plan/mappings/map_orders/approve"
SCHEMA = {"scope": "phase", "phase": "schema_migration"}
SOME_TABLE = {"scope": "tables", "tables": ["public.orders"]}

CASES: list[tuple[Stage, str, str, Any, int, str]] = [
    (pending, "POST", "/start", {}, 409, "plan_not_ready"),
    (pending, "POST", "/pause", {}, 409, "invalid_state"),
    (pending, "POST", "/resume", {}, 409, "invalid_state"),
    (pending, "POST", "/cancel", {}, 200, "cancelled"),
    (pending, "POST", APPROVE, {"approved": True}, 409, "plan_not_ready"),
    (pending, "DELETE", "", None, 409, "invalid_state"),
    (planning, "POST", "/start", {}, 409, "plan_not_ready"),
    (planning, "POST", "/pause", {}, 409, "invalid_state"),
    (planning, "POST", "/rollback", {}, 409, "invalid_state"),
    (planning, "DELETE", "", None, 409, "invalid_state"),
    (planning, "PATCH", "", {"name": "x"}, 200, ""),
    (planning, "POST", "/resume", {}, 409, "invalid_state"),
    (planning, "POST", "/cancel", {}, 200, "cancelled"),
    (planning, "POST", APPROVE, {"approved": True}, 409, "plan_not_ready"),
    (unplanned, "POST", "/start", {}, 409, "source_unreachable"),
    (target_away, "POST", "/start", {}, 409, "target_unreachable"),
    (target_away, "POST", "/pause", {}, 409, "invalid_state"),
    (target_away, "POST", "/resume", {}, 200, "pending"),
    (target_away, "POST", "/cancel", {}, 200, "cancelled"),
    (target_away, "POST", APPROVE, {"approved": True}, 409, "plan_not_ready"),
    (target_away, "DELETE", "", None, 200, ""),
    (unplanned, "POST", "/resume", {}, 200, "pending"),
    (unplanned, "DELETE", "", None, 200, ""),
    (unplanned, "POST", "/pause", {}, 409, "invalid_state"),
    (unplanned, "POST", "/cancel", {}, 200, "cancelled"),
    (unplanned, "POST", APPROVE, {"approved": True}, 409, "plan_not_ready"),
    (plan_ready, "POST", "/start", {}, 409, "approval_required"),
    (plan_ready, "POST", "/start", {"skip_approval": True}, 200, "running"),
    (plan_ready, "DELETE", "", None, 200, ""),
    (plan_ready, "POST", "/pause", {}, 409, "invalid_state"),
    (plan_ready, "POST", "/resume", {}, 409, "invalid_state"),
    (plan_ready, "POST", "/cancel", {}, 200, "cancelled"),
    (plan_ready, "POST", APPROVE, {"approved": True}, 200, "approved"),
    (approved, "POST", "/resume", {}, 409, "invalid_state"),
    (approved, "POST", "/checkpoints", {}, 409, "invalid_state"),
    (approved, "POST", "/restore", {"checkpoint_id": "ckpt_1"}, 409, "invalid_state"),
    (approved, "POST", "/start", {}, 200, "running"),
    (approved, "POST", "/pause", {}, 409, "invalid_state"),
    (approved, "POST", "/cancel", {}, 200, "cancelled"),
    (approved, "POST", APPROVE, {"approved": True}, 200, "approved"),
    (approved, "DELETE", "", None, 200, ""),
    (running, "POST", "/start", {}, 409, "invalid_state"),
    (running, "PATCH", "", {"name": "x"}, 409, "invalid_state"),
    (running, "POST", "/rollback", {}, 409, "invalid_state"),
    (running, "POST", "/rollback", SOME_TABLE, 409, "invalid_state"),
    (running, "POST", "/restore", {"checkpoint_id": "ckpt_1"}, 409, "invalid_state"),
    (running, "POST", "/checkpoints", {}, 201, ""),
    (running, "POST", "/pause", {}, 200, "pausing"),
    (running, "POST", "/cancel", {}, 200, "cancelling"),
    (running, "DELETE", "", None, 409, "invalid_state"),
    (running, "POST", "/resume", {}, 200, "running"),
    (running, "POST", APPROVE, {"approved": True}, 409, "invalid_state"),
    (pausing, "POST", "/resume", {}, 200, "running"),
    (pausing, "POST", "/rollback", {}, 409, "invalid_state"),
    (pausing, "POST", "/start", {}, 409, "invalid_state"),
    (pausing, "POST", "/pause", {}, 200, "pausing"),
    (pausing, "POST", "/cancel", {}, 200, "cancelling"),
    (pausing, "POST", APPROVE, {"approved": True}, 409, "invalid_state"),
    (pausing, "DELETE", "", None, 409, "invalid_state"),
    (paused, "POST", "/pause", {}, 200, "paused"),
    (paused, "POST", "/resume", {}, 200, "running"),
    (paused, "POST", "/rollback", {"strategy": "truncate"}, 200, "rolling_back"),
    (paused, "POST", "/rollback", SCHEMA, 200, "rolling_back"),
    (paused, "POST", "/rollback", SOME_TABLE, 200, "paused"),
    (paused, "POST", "/restore", {"checkpoint_id": "ckpt_1"}, 404, ""),
    (paused, "DELETE", "", None, 409, "invalid_state"),
    (paused, "POST", "/start", {}, 409, "invalid_state"),
    (paused, "POST", "/cancel", {}, 200, "cancelling"),
    (paused, "POST", APPROVE, {"approved": True}, 409, "invalid_state"),
    (validating, "POST", "/start", {}, 409, "invalid_state"),
    (validating, "POST", "/pause", {}, 200, "pausing"),
    (validating, "POST", "/resume", {}, 200, "validating"),
    (validating, "POST", "/cancel", {}, 200, "cancelling"),
    (validating, "POST", APPROVE, {"approved": True}, 409, "invalid_state"),
    (validating, "DELETE", "", None, 409, "invalid_state"),
    (failed, "POST", "/pause", {}, 409, "invalid_state"),
    (failed, "POST", "/rollback", {}, 200, "rolling_back"),
    (failed, "POST", "/start", {}, 409, "invalid_state"),
    (failed, "POST", "/resume", {}, 200, "running"),
    (failed, "POST", "/cancel", {}, 200, "cancelling"),
    (failed, "POST", APPROVE, {"approved": True}, 409, "invalid_state"),
    (failed, "DELETE", "", None, 200, ""),
    (completed, "POST", "/resume", {}, 409, "invalid_state"),
    (completed, "POST", "/cancel", {}, 409, "invalid_state"),
    (completed, "POST", "/rollback", {}, 409, "rollback_not_available"),
    (completed, "POST", "/rollback", SCHEMA, 409, "rollback_not_available"),
    (completed, "POST", "/restore", {"checkpoint_id": "ckpt_1"}, 409, "invalid_state"),
    (completed, "DELETE", "", None, 200, ""),
    (completed, "POST", "/start", {}, 409, "invalid_state"),
    (completed, "POST", "/pause", {}, 409, "invalid_state"),
    (completed, "POST", APPROVE, {"approved": True}, 409, "invalid_state"),
    (cancelled, "POST", "/start", {}, 409, "invalid_state"),
    (cancelled, "DELETE", "", None, 200, ""),
    (cancelled, "POST", "/pause", {}, 409, "invalid_state"),
    (cancelled, "POST", "/resume", {}, 409, "invalid_state"),
    (cancelled, "POST", "/cancel", {}, 200, "cancelled"),
    (cancelled, "POST", APPROVE, {"approved": True}, 409, "invalid_state"),
    (rolling_back, "POST", "/rollback", {}, 409, "invalid_state"),
    (rolling_back, "POST", "/restore", {"checkpoint_id": "ckpt_1"}, 409, "invalid_state"),
    (rolling_back, "DELETE", "", None, 409, "invalid_state"),
    (rolling_back, "POST", "/start", {}, 409, "invalid_state"),
    (rolling_back, "POST", "/pause", {}, 409, "invalid_state"),
    (rolling_back, "POST", "/resume", {}, 409, "invalid_state"),
    (rolling_back, "POST", "/cancel", {}, 200, "rolling_back"),
    (rolling_back, "POST", APPROVE, {"approved": True}, 409, "invalid_state"),
    (rolled_back, "POST", "/resume", {}, 409, "invalid_state"),
    (rolled_back, "DELETE", "", None, 200, ""),
    (rolled_back, "POST", "/start", {}, 409, "invalid_state"),
    (rolled_back, "POST", "/pause", {}, 409, "invalid_state"),
    (rolled_back, "POST", "/cancel", {}, 200, "rolled_back"),
    (rolled_back, "POST", APPROVE, {"approved": True}, 409, "invalid_state"),
    (rollback_failed, "POST", "/resume", {}, 409, "rollback_failed"),
    (rollback_failed, "POST", "/start", {}, 409, "rollback_failed"),
    (rollback_failed, "POST", "/rollback", SOME_TABLE, 409, "rollback_failed"),
    (rollback_failed, "POST", "/rollback", {}, 200, "rolling_back"),
    (rollback_failed, "DELETE", "", None, 200, ""),
    (rollback_failed, "POST", "/pause", {}, 409, "rollback_failed"),
    (rollback_failed, "POST", "/cancel", {}, 200, "cancelling"),
    (rollback_failed, "POST", APPROVE, {"approved": True}, 409, "rollback_failed"),
]
"""Stage, what is asked, the answer's status, and its error's code or the migration's status."""


def test_every_status_and_every_code_of_the_interface_is_in_the_table() -> None:
    assert set(STAGES.values()) == set(get_args(Status))
    codes = {code for *_, status, code in CASES if status == 409}
    assert {
        "invalid_state",
        "plan_not_ready",
        "source_unreachable",
        "target_unreachable",
        "approval_required",
        "rollback_failed",
    } <= codes


def test_every_action_is_tried_in_every_status() -> None:
    actions = [("POST", each) for each in ("/start", "/pause", "/resume", "/cancel", APPROVE)]
    tried = {(stage, method, path) for stage, method, path, *_ in CASES}
    assert {(stage, *action) for stage in STAGES for action in (*actions, ("DELETE", ""))} <= tried


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
async def test_every_status_is_reached_and_shown_everywhere(
    service: Service, client: Client, stage: Stage
) -> None:
    migration_id = await stage(service, client)
    wanted = STAGES[stage]

    await client.in_status(migration_id, wanted)

    short = (await client.get(f"{ONE}/{migration_id}/status")).json
    assert short["status"] == wanted
    listed = (await client.get(f"{ONE}?status={wanted}&limit=100")).json["data"]
    assert migration_id in {each["id"] for each in listed}


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
async def test_what_is_not_allowed_in_a_status_is_refused_by_its_code_and_changes_nothing(
    service: Service, client: Client, stage: Stage
) -> None:
    migration_id = await stage(service, client)
    one = f"{ONE}/{migration_id}"
    await client.in_status(migration_id, STAGES[stage])
    refused = [each for each in CASES if each[0] is stage and each[4] >= 400]
    assert refused

    for _, method, path, body, status, code in refused:
        reply = await client.send(method, f"{one}{path}", body)
        assert reply.status == status, (method, path, reply.text)
        if code:
            assert reply.json["error"]["code"] == code, (method, path)

    assert (await client.get(one)).json["status"] == STAGES[stage]


_ALLOWED = [each for each in CASES if each[4] < 400]


@pytest.mark.parametrize(
    ("stage", "method", "path", "body", "status", "said"),
    _ALLOWED,
    ids=[f"{stage.__name__}-{method}{path}" for stage, method, path, *_ in _ALLOWED],
)
async def test_each_request_that_is_allowed_in_a_status_leads_to_another(
    service: Service,
    client: Client,
    stage: Stage,
    method: str,
    path: str,
    body: Any,
    status: int,
    said: str,
) -> None:
    migration_id = await stage(service, client)
    await client.in_status(migration_id, STAGES[stage])

    reply = await client.send(method, f"{ONE}/{migration_id}{path}", body)

    assert reply.status == status, reply.text
    if said:
        assert reply.json["status"] == said


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/status"),
        ("GET", "/checkpoints"),
        ("POST", "/checkpoints"),
        ("POST", "/restore"),
        ("POST", "/rollback"),
        ("GET", "/rollback/status"),
        ("GET", "/metrics"),
        ("POST", "/start"),
    ],
)
async def test_what_does_not_exist_is_not_found(client: Client, method: str, path: str) -> None:
    body = {"checkpoint_id": "ckpt_1"} if path == "/restore" else {}
    for migration_id in ("mig_" + "0" * 32, "nonsense"):
        reply = await client.send(
            method, f"{ONE}/{migration_id}{path}", None if method == "GET" else body
        )
        assert reply.status == 404, reply.text
        assert reply.json["error"]["code"] == "migration_not_found"
