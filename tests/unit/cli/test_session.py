import json

import pytest
from aiohttp import web
from tests.unit.cli.served import Serve

from sterna_cli.client.failure import ApiFailure, ApiUnreachable
from sterna_cli.client.sterna import connect
from sterna_core.secrets.secret import Secret

_KEY = Secret("sk_live_canary")


async def test_a_command_whose_outcome_is_unknown_is_sent_again_under_the_same_key(serve: Serve):
    seen: list[tuple[str, str]] = []

    def start(request: web.Request) -> web.Response:
        seen.append((request.headers["Idempotency-Key"], request.headers["Authorization"]))
        if len(seen) == 1:
            return web.json_response({"error": {"code": "outcome_unknown"}}, status=503)
        if len(seen) == 2:
            return web.json_response({"error": {"code": "request_in_progress"}}, status=409)
        return web.json_response({"id": "mig_1", "status": "running"})

    url = await serve({"/v1/migrations/mig_1/start": start})
    async with connect(url, _KEY, patience_seconds=10) as sterna:
        assert (await sterna.migrations.start("mig_1")).status == "running"
        await sterna.migrations.start("mig_1")
    keys = [key for key, _ in seen]
    assert len(set(keys[:3])) == 1
    assert keys[3] != keys[2]
    assert {authorization for _, authorization in seen} == {"Bearer sk_live_canary"}


async def test_what_was_written_is_waited_for_when_it_is_read(serve: Serve):
    positions: list[str | None] = []

    def create(_request: web.Request) -> web.Response:
        body = {"id": "mig_1", "status": "pending"}
        return web.json_response(body, status=201, headers={"Sterna-Position": "3:41"})

    def get(request: web.Request) -> web.Response:
        positions.append(request.query.get("min_position"))
        return web.json_response({"id": "mig_1", "status": "planning"})

    url = await serve({"/v1/migrations": create, "/v1/migrations/mig_1": get})
    async with connect(url, _KEY) as sterna:
        await sterna.migrations.get("mig_1")
        await sterna.migrations.create({})
        await sterna.migrations.get("mig_1")
    assert positions == [None, "3:41"]


async def test_a_refusal_is_told_at_once_with_its_code(serve: Serve):
    calls: list[int] = []

    def start(_request: web.Request) -> web.Response:
        calls.append(1)
        return web.json_response({"error": {"code": "invalid_state", "message": "no"}}, status=409)

    url = await serve({"/v1/migrations/mig_1/start": start})
    async with connect(url, _KEY) as sterna:
        with pytest.raises(ApiFailure) as refused:
            await sterna.migrations.start("mig_1")
    assert (refused.value.code, len(calls)) == ("invalid_state", 1)


async def test_an_api_that_stays_away_is_named_without_the_key(unused_tcp_port: int):
    async with connect(f"http://127.0.0.1:{unused_tcp_port}", _KEY, patience_seconds=0.3) as sterna:
        with pytest.raises(ApiUnreachable) as away:
            await sterna.migrations.get("mig_1")
    assert str(unused_tcp_port) in str(away.value)
    assert "canary" not in str(away.value)


async def test_a_redirect_is_not_followed_so_the_key_goes_nowhere_else(serve: Serve):
    def elsewhere(_request: web.Request) -> web.Response:
        raise web.HTTPFound("http://198.51.100.1/")

    url = await serve({"/v1/migrations/mig_1": elsewhere})
    async with connect(url, _KEY) as sterna:
        with pytest.raises(ApiFailure) as refused:
            await sterna.migrations.get("mig_1")
    assert refused.value.code == "unexpected_answer"


async def test_fields_that_a_newer_api_adds_do_not_disturb(serve: Serve):
    def get(_request: web.Request) -> web.Response:
        body = {"id": "mig_1", "status": "running", "novelty": {"a": 1}, "metrics": {"new": 2}}
        return web.Response(text=json.dumps(body), content_type="application/json")

    url = await serve({"/v1/migrations/mig_1": get})
    async with connect(url, _KEY) as sterna:
        assert (await sterna.migrations.get("mig_1")).status == "running"


async def test_an_answer_that_arrives_in_pieces_is_read_to_its_end(serve: Serve):
    async def get(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for piece in (
            b'{"id": "mig_1", "status": "planning", ',
            b'"x": "' + b"x" * 3_000_000,
            b'"}',
        ):
            await answer.write(piece)
        return answer

    url = await serve({"/v1/migrations/mig_1": get})
    async with connect(url, _KEY) as sterna:
        assert (await sterna.migrations.get("mig_1")).id == "mig_1"
