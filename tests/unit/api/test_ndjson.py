"""Lines come out as they were written, however the body was cut on its way."""

import asyncio

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from hypothesis import given
from hypothesis import strategies as some

from sterna_api.http import ndjson
from sterna_api.http.ndjson import Line, lines_of

_texts = some.lists(some.binary(max_size=30).map(lambda each: each.replace(b"\n", b"")), max_size=8)


def _read(chunks: list[bytes]) -> list[Line]:
    async def read() -> list[Line]:
        loop = asyncio.get_running_loop()
        stream = StreamReader(BaseProtocol(loop), 2**22, loop=loop)
        for chunk in chunks:
            stream.feed_data(chunk)
        stream.feed_eof()
        return [line async for line in lines_of(stream)]

    return asyncio.run(read())


@given(_texts, some.lists(some.integers(1, 20), min_size=1, max_size=20))
def test_lines_do_not_depend_on_where_the_body_is_cut(texts: list[bytes], sizes: list[int]):
    body, chunks = b"\n".join(texts), list[bytes]()
    while body:
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(body[:size])
        body = body[size:]
    wanted = [Line(number, text) for number, text in enumerate(texts, 1) if text.strip()]
    assert _read(chunks) == wanted


def test_a_line_that_is_too_long_is_told_and_not_kept():
    long = b"x" * (ndjson.LINE_BYTES_MAX + 1)
    chunks = [b"a\n", long[:1000], long[1000:], b"\nb\n", long]
    assert _read(chunks) == [Line(1, b"a"), Line(2, None), Line(3, b"b"), Line(4, None)]
    fits = b"x" * ndjson.LINE_BYTES_MAX
    assert _read([fits[:7], fits[7:], b"\n"]) == [Line(1, fits)]
