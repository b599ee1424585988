"""A service that answers `/v1/embeddings` on loopback, with faults by order."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import msgspec
from aiohttp import web

DIMENSION = 8

Answer = Callable[[dict[str, Any]], web.Response]


def vector_of(text: str, dimension: int = DIMENSION) -> list[float]:
    digest = sha256(text.encode()).digest()
    return [byte / 255.0 + 0.01 for byte in digest[:dimension]]


def embeddings(question: dict[str, Any]) -> web.Response:
    """Answer as a service does; in another order than asked, which the index tells."""
    dimension = question.get("dimensions", DIMENSION)
    data = [
        {"object": "embedding", "index": index, "embedding": vector_of(text, dimension)}
        for index, text in enumerate(question["input"])
    ]
    return _json(200, {"object": "list", "data": data[::-1], "usage": {"prompt_tokens": 1}})


def refusal(status: int, **headers: str) -> Answer:
    """Answer with an error, whose words must not come through."""
    return lambda _: _json(status, {"error": {"message": "canary words of a service"}}, headers)


class EmbeddingServer:
    """Answers from a queue first, then as a service; remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.next: list[Answer] = []
        self.always: Answer = embeddings
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    async def take(self, request: web.Request) -> web.Response:
        question: dict[str, Any] = msgspec.json.decode(await request.read())
        self.asked.append(question)
        self.keys.append(request.headers.get("Authorization"))
        answer = self.next.pop(0) if self.next else self.always
        return answer(question)


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(body),
        content_type="application/json",
        headers={name.replace("_", "-"): text for name, text in (headers or {}).items()},
    )


@asynccontextmanager
async def embedding_server() -> AsyncGenerator[EmbeddingServer]:
    server = EmbeddingServer()
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/v1/embeddings", server.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
