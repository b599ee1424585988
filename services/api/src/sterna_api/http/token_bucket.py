import math
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

Monotonic = Callable[[], float]
BUCKETS_MAX = 50_000
"""Buckets kept at once; the one that was longest not used goes, and would be full by then."""

_SECONDS = 60.0


class Allowance(Struct, frozen=True):
    """What is left of a limit after a request."""

    limit: int
    remaining: int
    reset_seconds: int
    """Until everything may be used again."""
    retry_after_seconds: int | None = None
    """Until one more is allowed, where this one is not."""


class _Bucket(Struct):
    tokens: float
    at: float


class TokenBuckets:
    """A limit per minute for each name: a minute's worth at once, refilled evenly."""

    def __init__(self, per_minute: int, monotonic: Monotonic) -> None:
        self._limit = per_minute
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str) -> Allowance:
        """Use one, if there is one."""
        bucket = self._refilled(name)
        if bucket.tokens < 1:
            wait = (1 - bucket.tokens) * _SECONDS / self._limit
            return self._allowance(bucket, max(1, math.ceil(wait)))
        bucket.tokens -= 1
        return self._allowance(bucket, None)

    def look(self, name: str) -> Allowance:
        """Give what is left, without using any."""
        return self._allowance(self._refilled(name), None)

    def _refilled(self, name: str) -> _Bucket:
        now = self._monotonic()
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = _Bucket(float(self._limit), now)
            if len(self._buckets) > BUCKETS_MAX:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
        passed = max(0.0, now - bucket.at)
        bucket.tokens = min(self._limit, bucket.tokens + passed * self._limit / _SECONDS)
        bucket.at = now
        return bucket

    def _allowance(self, bucket: _Bucket, retry_after_seconds: int | None) -> Allowance:
        reset = math.ceil((self._limit - bucket.tokens) * _SECONDS / self._limit)
        return Allowance(self._limit, int(bucket.tokens), reset, retry_after_seconds)
