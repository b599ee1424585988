"""When a failed job is tried again."""

from datetime import datetime, timedelta
from hashlib import blake2b

from sterna_core.migration.job import AnyJob, PlanCheckJob, PlanJob, TrialJob

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 60.0
ATTEMPTS = 12
ATTEMPTS_AT_PLANNING = 3


def may_retry(job: AnyJob, failures: int) -> bool:
    """Tell whether a job that has failed so often is tried again by itself.

    Twelve attempts span about six minutes; a plan, and what is tried of it, which somebody waits for, has three.
    """
    return failures < (
        ATTEMPTS_AT_PLANNING if isinstance(job, PlanJob | PlanCheckJob | TrialJob) else ATTEMPTS
    )


def ready_at(at: datetime, failures: int, seed: str) -> datetime:
    """Give the moment of the next attempt: doubling delays, with jitter taken from `seed`.

    The jitter (up to a quarter more) keeps tasks that failed together from returning together.
    """
    delay = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (failures - 1))
    jitter = blake2b(seed.encode(), digest_size=1).digest()[0] / 1024
    return at + timedelta(seconds=delay * (1 + jitter))
