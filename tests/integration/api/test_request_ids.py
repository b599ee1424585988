"""The id of a request is in every line that follows from it, in whatever process."""

import socket
from pathlib import Path
from typing import Any

import msgspec
from tests.servers import PostgresTestServer
from tests.support.api.executor_process import ExecutorServer
from tests.support.api.process import ApiProcesses
from tests.support.journal.stack import until

REQUEST = "night-shift-7"


def lines(log: Path) -> list[dict[str, Any]]:
    raw = log.read_bytes().splitlines()
    return [msgspec.json.decode(each) for each in raw if each.startswith(b"{")]


async def test_an_executors_line_names_the_request_whose_work_has_failed(
    kafka_bootstrap: str, postgres_server: PostgresTestServer, tmp_path: Path
):
    processes = ApiProcesses(kafka_bootstrap, await postgres_server.create_database(), tmp_path)
    executor = ExecutorServer(processes.environment, tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody_listens = probe.getsockname()[1]
    try:
        server = await processes.start()
        await executor.start()
        client = server.client()
        made = []
        for name in ("source", "target"):
            config = {
                "host": "127.0.0.1",
                "port": nobody_listens,
                "database": name,
                "username": "nobody",
                "password": "nothing",
            }
            body = {"name": name, "type": "postgresql", "role": name, "config": config}
            made.append((await client.post("/v1/connections", body)).json["id"])
        body = {
            "name": "nowhere",
            "source": {"connection_id": made[0]},
            "target": {"connection_id": made[1]},
        }
        reply = await client.post("/v1/migrations", body, headers={"X-Request-Id": REQUEST})
        assert reply.status == 201, reply.text
        assert reply.headers["X-Request-Id"] == REQUEST

        def failed() -> list[dict[str, Any]]:
            return [each for each in lines(executor.log) if each["event"] == "task.failed"]

        await until(lambda: bool(failed()))
        assert {each.get("request_id") for each in failed()} == {REQUEST}
        (answered,) = [
            each
            for each in lines(server.log)
            if each.get("request_id") == REQUEST and each["event"] == "request.answered"
        ]
        assert answered["status"] == 201
    finally:
        await executor.stop()
        await processes.close()
