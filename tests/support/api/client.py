"""Speaks to a service as its users do."""

import asyncio
import io
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
from tests.support.api.description import check_described

PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.02


class Reply(msgspec.Struct):
    """An answer, read."""

    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.text)

    @property
    def position(self) -> str:
        return self.headers["Sterna-Position"]


class Client:
    """A user with a key."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str | None) -> None:
        self.session = session
        self.url = url
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.seen: list[str] = []

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        key: str | None = None,
    ) -> Reply:
        data = raw if raw is not None else (msgspec.json.encode(body) if body is not None else None)
        # In a file's shape, for aiohttp warns of large bodies in memory.
        sending = io.BytesIO(data) if data is not None else None
        # As a client of JSON does; without a body the header means nothing.
        sent = {"Content-Type": "application/json", **self.headers, **(headers or {})}
        if key is not None:
            sent["Idempotency-Key"] = key
        async with self.session.request(method, self.url + path, data=sending, headers=sent) as got:
            text = await got.text()
            self.seen.append(text)
            check_described(method, path, got.status, got.headers.get("Content-Type", ""))
            return Reply(got.status, got.headers, text)

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.send("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.send("POST", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Reply:
        return await self.send("DELETE", path, **options)

    async def until(
        self,
        path: str,
        wanted: Callable[[Any], bool],
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> Any:
        """Ask until the answer is as wanted."""
        deadline = time.monotonic() + patience_seconds
        while True:
            reply = await self.get(path)
            if reply.status == 200 and wanted(reply.json):
                return reply.json
            assert time.monotonic() < deadline, reply.text
            await asyncio.sleep(_POLL_SECONDS)

    async def connection(self, name: str = "old", **fields: Any) -> str:
        reply = await self.post("/v1/connections", connection_body(name, **fields))
        assert reply.status == 201, reply.text
        return reply.json["id"]

    async def migration(self, **fields: Any) -> str:
        """Create a migration between two new connections."""
        source, target = await self.connection("old"), await self.connection("new")
        return await self.migration_between(source, target, **fields)

    async def migration_between(self, source_id: str, target_id: str, **fields: Any) -> str:
        """Create a migration between two connections."""
        body = {
            "name": "Shop",
            "source": {"connection_id": source_id},
            "target": {"connection_id": target_id},
            **fields,
        }
        reply = await self.post("/v1/migrations", body)
        assert reply.status == 201, reply.text
        return reply.json["id"]

    async def in_status(
        self, migration_id: str, *statuses: str, patience_seconds: float = PATIENCE_SECONDS
    ) -> Any:
        """Wait until a migration has one of these statuses."""
        return await self.until(
            f"/v1/migrations/{migration_id}",
            lambda body: body["status"] in statuses,
            patience_seconds=patience_seconds,
        )


def connection_body(name: str = "old", **fields: Any) -> dict[str, Any]:
    config = {
        "host": "127.0.0.1",
        "port": 1,  # nothing listens there
        "database": name,
        "username": "sterna",
        "password": "canary-password-5f1e",
    }
    return {"name": name, "type": "postgresql", "role": "both", "config": config, **fields}
