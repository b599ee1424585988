"""Migrations of namespaces that are rolled back, and when they cannot be."""

from typing import Any

import pytest
from tests.contract.test_namespace_migrations import ALL, asked, created, in_status
from tests.support.api.client import Client
from tests.support.api.follower import Following
from tests.support.api.service import Service

from sterna_core.tasks import namespace_work as wk


async def in_phase(client: Client, migration_id: str, phase: str) -> Any:
    return await client.until(
        f"{ALL}/{migration_id}", lambda body: body["additional_data"].get("phase") == phase
    )


async def refused(client: Client, migration_id: str) -> str:
    reply = await client.post(f"{ALL}/{migration_id}/rollback")
    assert reply.status == 400, reply.text
    code: str = reply.json["error"]["code"]
    return code


async def test_what_has_not_ended_cannot_be_rolled_back(service: Service, client: Client) -> None:
    migration_id = await created(client)
    one = f"{ALL}/{migration_id}"
    assert await refused(client, migration_id) == "invalid_state"
    service.executors.silent.add(wk.MoveBatch)
    await asked(client, "POST", f"{one}/start", {})
    await in_status(client, migration_id, "in_progress")
    assert await refused(client, migration_id) == "invalid_state"
    await client.post(f"{one}/pause", {"immediate": True})
    assert await refused(client, migration_id) == "invalid_state"


async def test_a_draft_that_was_cancelled_has_nothing_to_roll_back(
    service: Service, client: Client
) -> None:
    migration_id = await created(client)
    await asked(client, "POST", f"{ALL}/{migration_id}/cancel", {})
    assert await refused(client, migration_id) == "invalid_state"


@pytest.mark.parametrize("fails", [False, True])
async def test_the_status_stays_while_the_phase_tells(
    service: Service, client: Client, fails: bool
) -> None:
    migration_id = await created(client)
    one = f"{ALL}/{migration_id}"
    if fails:
        service.executors.failing[wk.MakeResource] = "no_access"
    await asked(client, "POST", f"{one}/start", {})
    status = "failed" if fails else "completed"
    await in_status(client, migration_id, status)
    service.executors.failing[wk.RollBack] = "no_access"
    reply = await client.post(f"{one}/rollback", {"reason": "worse"})
    assert reply.status == 200, reply.text
    assert set(reply.json) == {"migration_id", "status", "phase", "message"}
    wrong = await in_phase(client, migration_id, "rollback_failed")
    assert wrong["additional_data"]["rollback"]["error_code"] == "no_access"
    service.executors.failing.clear()
    again = await client.post(f"{one}/rollback")
    assert again.status == 200
    done = await in_phase(client, migration_id, "rolled_back")
    assert done["status"] == status
    assert done["additional_data"]["rollback"]["drops_target"] is fails
    assert (await client.post(f"{one}/rollback")).json["phase"] == "rolled_back"
    for verb in ("start", "resume", "pause", "cancel"):
        reply = await client.post(f"{one}/{verb}")
        assert (reply.status, reply.json["error"]["code"]) == (400, "invalid_state"), verb
    lines = (await client.get(f"{one}/logs?limit=1000")).json["data"]
    told = [each["message"] for each in lines]
    assert "Not rolled back: It did not work." in told
    assert told[-1].startswith("Rolled back: aliases are where they were")
    following = Following(migration_id, all_of_kind=ALL)
    assert await following.follow(client) is True
    assert following.lines[-1] == {"status": "rolled_back"}
    assert (await client.delete(one)).status == 204


async def test_only_what_is_known_is_taken(service: Service, client: Client) -> None:
    migration_id = await created(client)
    path = f"{ALL}/{migration_id}/rollback"
    assert (await client.post(path, {"drop": True})).status == 422
    assert (await client.post(path, {"drop_target": "yes"})).status == 422
    unknown = await client.post(f"{ALL}/nmig_{'0' * 32}/rollback")
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "namespace_migration_not_found")
