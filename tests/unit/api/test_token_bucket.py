from hypothesis import given
from hypothesis import strategies as st

from sterna_api.http.token_bucket import TokenBuckets


class _Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_may_be_used_at_once_and_then_at_the_rate():
    time = _Time()
    buckets = TokenBuckets(60, time)
    taken = [buckets.take("k") for _ in range(60)]
    assert all(each.retry_after_seconds is None for each in taken)
    assert taken[0].remaining == 59
    assert taken[-1].remaining == 0
    assert taken[-1].reset_seconds == 60
    assert buckets.take("k").retry_after_seconds == 1
    assert buckets.take("other").retry_after_seconds is None
    time.now += 1
    assert buckets.take("k").retry_after_seconds is None
    assert buckets.take("k").retry_after_seconds == 1
    time.now += 3600
    assert buckets.look("k").remaining == 60


@given(
    st.integers(1, 1_000),
    st.lists(st.tuples(st.booleans(), st.floats(0, 30)), max_size=200),
)
def test_no_more_than_a_burst_and_the_rate_is_ever_let_through(
    limit: int, steps: list[tuple[bool, float]]
):
    time = _Time()
    buckets = TokenBuckets(limit, time)
    begun, let = time.now, 0
    for ask, passes in steps:
        time.now += passes
        if ask:
            allowance = buckets.take("k")
            let += allowance.retry_after_seconds is None
            assert 0 <= allowance.remaining <= limit
    assert let <= limit + (time.now - begun) * limit / 60 + 1e-6


def test_who_waits_as_long_as_told_is_let_through():
    time = _Time()
    buckets = TokenBuckets(7, time)
    for _ in range(7):
        buckets.take("k")
    wait = buckets.take("k").retry_after_seconds
    assert wait is not None
    time.now += wait
    assert buckets.take("k").retry_after_seconds is None
