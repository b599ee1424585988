from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_cli.client.server_events import EventParser, ServerEvent

_STREAM = (
    '\ufeffid: 5-1\nevent: log\ndata: {"a":1}\n\n'
    ": heartbeat\n\n"
    "id: 6-1\r\nevent: progress\r\ndata: first\r\ndata:second é\r\n\r\n"
    "retry: 250\rdata: bare\r\r"
    "id: 7-2\n\n"
    "event: end\ndata: {}\n\n"
).encode()
_EVENTS = [
    ServerEvent("5-1", "log", '{"a":1}'),
    ServerEvent("6-1", "progress", "first\nsecond é"),
    ServerEvent("6-1", "message", "bare"),
    ServerEvent("7-2", "end", "{}"),
]


@given(st.lists(st.integers(0, len(_STREAM)), max_size=20))
def test_events_are_the_same_however_the_bytes_are_cut(cuts: list[int]):
    parser = EventParser()
    edges = [0, *sorted(cuts), len(_STREAM)]
    pieces = [_STREAM[a:b] for a, b in pairwise(edges)]
    assert [event for piece in pieces for event in parser.feed(piece)] == _EVENTS


def test_an_event_cut_off_by_the_end_of_the_stream_is_not_given():
    assert EventParser().feed(b"id: 1-1\ndata: half\n") == []


def test_the_time_to_wait_before_reconnecting_is_taken_from_the_stream():
    parser = EventParser()
    parser.feed(_STREAM)
    assert parser.retry_seconds == pytest.approx(0.25)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_bytes_whatever_break_the_parser(first: bytes, second: bytes):
    parser = EventParser()
    for event in [*parser.feed(first), *parser.feed(second)]:
        assert event.data is not None
