import json

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.cli.served import Handler, Serve

from sterna_cli.client.failure import ApiFailure, ApiUnreachable
from sterna_cli.client.sterna import connect
from sterna_cli.client.stream import LogEntry, ProgressEntry
from sterna_core.secrets.secret import Secret

_PATH = "/v1/migrations/mig_1/logs"
_EVENTS = 12


def _event(number: int) -> bytes:
    data = json.dumps(
        {"timestamp": "2026-02-02T16:30:00Z", "level": "info", "message": str(number)}
    )
    return f"id: {number}-0\nevent: log\ndata: {data}\n\n".encode()


def _stream_of(cuts: list[int], asked: list[str | None]) -> Handler:
    """Send events after Last-Event-ID; the n-th connection is cut after `cuts[n]` bytes."""

    async def stream(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Last-Event-ID"))
        first = int((asked[-1] or "0-0").split("-")[0]) + 1
        body = b"retry: 1\n\n" + b"".join(_event(n) for n in range(first, _EVENTS + 1))
        body += b"event: end\ndata: {}\n\n"
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        cut = cuts.pop(0) if cuts else None
        await response.write(body[:cut])
        if cut is not None:
            assert request.transport is not None
            request.transport.close()
        return response

    return stream


async def _messages(url: str) -> list[str]:
    async with (
        connect(url, Secret("k")) as sterna,
        sterna.migrations.follow("mig_1", {}) as stream,
    ):
        found: list[str] = []
        while (entry := await stream.next_entry()) is not None:
            assert isinstance(entry, LogEntry)
            found.append(entry.message)
        return found


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.integers(0, 1500), max_size=4))
async def test_a_stream_cut_anywhere_is_resumed_and_every_event_is_seen_once(
    serve: Serve, cuts: list[int]
):
    asked: list[str | None] = []
    url = await serve({_PATH: _stream_of(list(cuts), asked)})
    assert await _messages(url) == [str(n) for n in range(1, _EVENTS + 1)]
    assert asked[0] is None


async def test_a_migration_that_is_over_has_an_empty_stream(serve: Serve):
    def over(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    assert await _messages(await serve({_PATH: over})) == []


async def test_a_stream_of_an_unknown_migration_is_refused(serve: Serve):
    def unknown(_request: web.Request) -> web.Response:
        return web.json_response({"error": {"code": "migration_not_found"}}, status=404)

    url = await serve({_PATH: unknown})
    with pytest.raises(ApiFailure) as refused:
        await _messages(url)
    assert refused.value.code == "migration_not_found"


async def test_a_stream_that_stays_away_is_given_up(unused_tcp_port: int):
    async with connect(f"http://127.0.0.1:{unused_tcp_port}", Secret("k")) as sterna:
        follower = sterna.migrations.follow("mig_1", {}, patience_seconds=0.2)
        with pytest.raises(ApiUnreachable):
            await follower.next_entry()


async def test_kinds_of_events_that_are_not_known_are_left_out(serve: Serve):
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"event: novelty\ndata: {}\n\n")
        await response.write(b'event: progress\ndata: {"phase":"validation","percent":45.5}\n\n')
        await response.write(_event(1) + b"event: end\ndata: {}\n\n")
        return response

    url = await serve({_PATH: stream})
    async with connect(url, Secret("k")) as sterna, sterna.migrations.follow("mig_1", {}) as feed:
        assert isinstance(await feed.next_entry(), ProgressEntry)
        assert isinstance(await feed.next_entry(), LogEntry)
        assert await feed.next_entry() is None
