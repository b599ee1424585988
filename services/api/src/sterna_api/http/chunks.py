"""Reads a body as it comes in."""

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import StreamReader, web

from sterna_core.errors import InvalidRequest

STALLED_SECONDS = 60.0
"""How long nothing may come in before an upload is given up."""


async def chunks_of(stream: StreamReader) -> AsyncGenerator[bytes]:
    """Give what comes in, piece by piece; raises InvalidRequest where the client stalls or is gone.

    While a piece is worked on nothing more is read, so a sender that is faster has to wait.
    """
    while True:
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                chunk = await stream.readany()
        except TimeoutError:
            raise InvalidRequest(
                f"Nothing came in for {STALLED_SECONDS:.0f} s; send it again.",
                code="upload_stalled",
            ) from None
        except web.RequestPayloadError:
            raise InvalidRequest("The body ended before its end.", code="upload_cut") from None
        if not chunk:
            return
        yield chunk
