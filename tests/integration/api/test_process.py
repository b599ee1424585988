import asyncio
from typing import Any

from tests.support.api.client import Client, Reply, connection_body
from tests.support.api.process import ApiProcesses


async def test_a_process_answers_and_ends_cleanly_when_asked(installation: ApiProcesses):
    server = await installation.start()
    client = server.client()
    connection_id = await client.connection()
    shown = await client.until(
        f"/v1/connections/{connection_id}", lambda body: body["status"] == "failed"
    )
    assert shown["reason"] == "Nothing listens at this host and port."
    assert await server.stop() == 0
    log = server.log.read_text()
    assert "api.stopped" in log
    assert "Traceback" not in log


async def test_commands_whose_process_is_killed_are_carried_out_once_when_they_are_sent_again(
    installation: ApiProcesses,
):
    server = await installation.start(STERNA_DECIDER_INSTANCE_ID="one")
    bodies = [connection_body(f"connection {number}") for number in range(20)]
    sending = [
        asyncio.create_task(server.client().post("/v1/connections", body, key=f"key-{number}"))
        for number, body in enumerate(bodies)
    ]
    await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
    await server.kill()
    first = await asyncio.gather(*sending, return_exceptions=True)
    answered = {
        number: reply.json["id"] for number, reply in enumerate(first) if isinstance(reply, Reply)
    }
    other = await installation.start(STERNA_DECIDER_INSTANCE_ID="one")
    client = other.client()
    ids = {}
    for number, body in enumerate(bodies):
        reply = await _until_decided(client, body, f"key-{number}")
        ids[number] = reply.json["id"]
    assert {number: ids[number] for number in answered} == answered
    listed = await client.until(
        "/v1/connections?limit=100", lambda page: len(page["data"]) == len(bodies)
    )
    assert {each["id"] for each in listed["data"]} == set(ids.values())


async def _until_decided(client: Client, body: Any, key: str) -> Reply:
    async with asyncio.timeout(60):
        while True:
            reply = await client.post("/v1/connections", body, key=key)
            if reply.status != 503:
                assert reply.status == 201, reply.text
                return reply


async def test_two_processes_answer_for_one_installation(installation: ApiProcesses):
    first, second = await installation.start(), await installation.start()
    one, other = first.client(), second.client()
    made = await _until_decided(one, connection_body("shared"), "shared")
    shown = await other.get(f"/v1/connections/{made.json['id']}?min_position={made.position}")
    assert shown.status == 200
    assert await first.stop() == 0
    later = await _until_decided(other, connection_body("later"), "later")
    shown = await other.get(f"/v1/connections/{later.json['id']}?min_position={later.position}")
    assert shown.status == 200


async def test_roles_can_be_run_apart(installation: ApiProcesses):
    await installation.start(STERNA_ROLES="http,decider")
    rest = await installation.start(STERNA_ROLES="http,projector,notifier")
    client = rest.client()
    made = await _until_decided(client, connection_body("apart"), "apart")
    shown = await client.get(f"/v1/connections/{made.json['id']}?min_position={made.position}")
    assert shown.status == 200


async def test_projections_are_rebuilt_by_a_command_while_a_process_answers(
    installation: ApiProcesses,
):
    server = await installation.start()
    client = server.client()
    made = await _until_decided(client, connection_body("kept"), "kept")
    path = f"/v1/connections/{made.json['id']}"
    before = await client.until(path, lambda body: body["status"] == "failed")
    assert await installation.run("rebuild-projections") == 0
    assert (await client.get(path)).json == before
    more = await client.post("/v1/connections", connection_body("more"))
    assert (await client.get(f"/v1/connections?min_position={more.position}")).status == 200


async def test_settings_that_cannot_work_end_the_process_with_the_reason(
    installation: ApiProcesses,
):
    installation.environment["STERNA_KEY_PEPPER"] = "short"
    assert await installation.run("serve") == 1
    assert await installation.run("dance") == 2
