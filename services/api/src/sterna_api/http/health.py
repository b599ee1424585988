from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from sterna_api.http.answer import answer
from sterna_core.errors import SternaError

Check = Callable[[], Awaitable[None]]


class HealthRoutes:
    """`/healthz`: the process answers. `/readyz`: it can do its work."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self.stopping = False

    def routes(self) -> list[web.RouteDef]:
        """Give the routes; they need no key and say nothing about anybody's data."""
        return [web.get("/healthz", self.alive), web.get("/readyz", self.ready)]

    @staticmethod
    async def alive(_request: web.Request) -> web.Response:
        """Say that the process answers."""
        return answer({"status": "ok"})

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether requests should be sent here."""
        if self.stopping:
            return answer({"status": "stopping"}, status=503)
        failed = []
        for name, check in self._checks.items():
            try:
                await check()
            except SternaError:
                failed.append(name)
        status = "ready" if not failed else "not_ready"
        return answer({"status": status, "failed": failed}, status=503 if failed else 200)
