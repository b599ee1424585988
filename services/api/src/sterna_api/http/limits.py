import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from aiohttp import web
from msgspec import Struct

from sterna_api.http.caller import CALLER, Caller
from sterna_api.http.errors import Handler
from sterna_api.http.token_bucket import Allowance, Monotonic, TokenBuckets
from sterna_core.errors import RateLimited

ALLOWANCE = web.RequestKey("allowance", Allowance)


class LimitSettings(Struct, frozen=True, kw_only=True):
    """How much may be asked of one API process."""

    key_requests_per_minute: int = 6_000
    organization_requests_per_minute: int = 12_000
    failed_authentications_per_minute: int = 60
    streams_per_key: int = 100


class Limits:
    """Counts requests and streams of each key and organisation, and refusals of each address."""

    def __init__(self, settings: LimitSettings, *, monotonic: Monotonic = time.monotonic) -> None:
        self._keys = TokenBuckets(settings.key_requests_per_minute, monotonic)
        self._organizations = TokenBuckets(settings.organization_requests_per_minute, monotonic)
        self._failures = TokenBuckets(settings.failed_authentications_per_minute, monotonic)
        self._streams: Counter[str] = Counter()
        self._streams_per_key = settings.streams_per_key

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a request with a key; raises RateLimited."""
        caller = request.get(CALLER)
        if caller is not None:
            self._count(request, caller)
        return await handler(request)

    def count_failure(self, request: web.Request, address: str | None) -> None:
        """Count a refused authentication; raises RateLimited where there were too many."""
        allowance = self._failures.take(address or "unknown")
        request[ALLOWANCE] = allowance
        _refuse_beyond(allowance, "Too many requests without a valid key came from this address.")

    @contextmanager
    def stream(self, caller: Caller) -> Generator[None, None, None]:
        """Hold one of a key's streams for as long as the context lasts; raises RateLimited."""
        if self._streams[caller.key_id] >= self._streams_per_key:
            raise RateLimited(
                f"This key follows {self._streams_per_key} streams already; close one first.",
                retry_after_seconds=1,
            )
        self._streams[caller.key_id] += 1
        try:
            yield
        finally:
            self._streams[caller.key_id] -= 1
            if not self._streams[caller.key_id]:
                del self._streams[caller.key_id]

    def _count(self, request: web.Request, caller: Caller) -> None:
        own = self._keys.take(caller.key_id)
        request[ALLOWANCE] = own
        _refuse_beyond(own, "This key has sent too many requests.")
        shared = self._organizations.take(caller.org_id)
        if shared.remaining < own.remaining:
            request[ALLOWANCE] = shared
        _refuse_beyond(shared, "The keys of this organisation have sent too many requests.")


def _refuse_beyond(allowance: Allowance, message: str) -> None:
    seconds = allowance.retry_after_seconds
    if seconds is not None:
        raise RateLimited(f"{message} Try again in {seconds} s.", retry_after_seconds=seconds)
