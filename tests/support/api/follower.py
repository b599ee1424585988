"""Follows a stream of Server-Sent Events as a client does that may be cut off at any moment."""

import asyncio
from typing import Any

import aiohttp
import msgspec
from tests.support.api.client import Client

from sterna_cli.client.server_events import EventParser, ServerEvent

PATIENCE_SECONDS = 60.0


class Following:
    """What a follower has had so far, over all its connections."""

    def __init__(
        self, migration_id: str, query: str = "", *, all_of_kind: str = "/v1/migrations"
    ) -> None:
        self.path = f"{all_of_kind}/{migration_id}/logs?follow=true{query}"
        self.events: list[ServerEvent] = []
        self.last_event_id = ""
        self.ended = False
        self.status = 0

    @property
    def lines(self) -> list[Any]:
        return [msgspec.json.decode(event.data) for event in self.events]

    @property
    def messages(self) -> list[str]:
        return [line["message"] for line in self.lines if "message" in line]

    async def follow(
        self, client: Client, *, limit: int | None = None, seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Read over one connection until it ends, or until `limit` more events were read.

        Tells whether the stream has ended for good.
        """
        headers = {**client.headers, "Accept": "text/event-stream"}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        parser = EventParser(self.last_event_id)
        left = limit
        async with (
            asyncio.timeout(seconds),
            client.session.get(client.url + self.path, headers=headers) as reply,
        ):
            self.status = reply.status
            if reply.status == 204:
                self.ended = True
                return True
            assert reply.status == 200, await reply.text()
            while chunk := await reply.content.read(1024):
                for event in parser.feed(chunk):
                    self.events.append(event)
                    self.last_event_id = event.event_id
                    if event.kind == "end":
                        self.ended = True
                        return True
                    if left is not None:
                        left -= 1
                        if left <= 0:
                            reply.close()
                            return False
        return False

    async def follow_to_the_end(self, *clients: Client) -> None:
        """Read over as many connections as it takes, each time with another client."""
        turn = 0
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.ended:
                try:
                    await self.follow(clients[turn % len(clients)])
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
                turn += 1
