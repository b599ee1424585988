"""A receiver of webhooks and messages, on a port of its own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web


class Receiver:
    """Answers as it is told and remembers what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[dict[str, str], bytes]] = []
        self._paths: list[str] = []
        self.url = ""

    @property
    def bodies(self) -> list[Any]:
        return [msgspec.json.decode(body) for _, body in self.got]

    def got_at(self, path: str) -> list[tuple[dict[str, str], bytes]]:
        return [each for each, at in zip(self.got, self._paths, strict=True) if at == path]

    async def take(self, request: web.Request) -> web.Response:
        self._paths.append(request.path)
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, body=b"ok")


@asynccontextmanager
async def receiving(*paths: str) -> AsyncGenerator[Receiver, None]:
    """Receive at `/hook` and these paths until the block ends."""
    receiver = Receiver()
    app = web.Application()
    for path in ("/hook", *paths):
        app.router.add_post(path, receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
