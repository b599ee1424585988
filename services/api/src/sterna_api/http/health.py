from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_core.errors import SternaError

Check = Callable[[], Awaitable[None]]


class AliveBody(Struct, frozen=True):
    """The process answers."""

    status: str


class ReadyBody(Struct, frozen=True):
    """Whether requests should be sent here, and which checks failed."""

    status: str
    failed: list[str] = []


class HealthRoutes:
    """`/healthz`: the process answers. `/readyz`: it can do its work."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self.stopping = False

    def routes(self) -> list[web.RouteDef]:
        """Give the routes; they need no key and say nothing about anybody's data."""
        return [
            web.get("/healthz", self.alive, allow_head=False),
            web.get("/readyz", self.ready, allow_head=False),
        ]

    @staticmethod
    async def alive(_request: web.Request) -> web.Response:
        """Say that the process answers."""
        return answer(AliveBody("ok"))

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether requests should be sent here."""
        if self.stopping:
            return answer(ReadyBody("stopping"), status=503)
        failed = []
        for name, check in self._checks.items():
            try:
                await check()
            except SternaError:
                failed.append(name)
        status = "ready" if not failed else "not_ready"
        return answer(ReadyBody(status, failed), status=503 if failed else 200)
