"""Reads JSON line by line as it comes in, and never holds more than a line."""

from collections.abc import AsyncGenerator

from aiohttp import StreamReader
from msgspec import Struct

from sterna_api.http.chunks import chunks_of

LINE_BYTES_MAX = 1024 * 1024


class Line(Struct, frozen=True):
    """A line that holds something, by its number from 1; None where it was too long."""

    number: int
    content: bytes | None


async def lines_of(stream: StreamReader) -> AsyncGenerator[Line]:
    """Give the lines of a body; raises InvalidRequest where the client stalls or is gone.

    While a line is worked on nothing more is read, so a sender that is faster has to wait.
    """
    number, held, is_long = 0, bytearray(), False
    async for chunk in chunks_of(stream):
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            number += 1
            is_long = is_long or len(held) + len(part) > LINE_BYTES_MAX
            content = None if is_long else bytes(held) + part
            held.clear()
            is_long = False
            if content is None or content.strip():
                yield Line(number, content)
        is_long = is_long or len(held) + len(rest) > LINE_BYTES_MAX
        if is_long:
            held.clear()
        else:
            held += rest
    if is_long or held.strip():
        yield Line(number + 1, None if is_long else bytes(held))
