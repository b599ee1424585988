"""Which request a piece of work follows from: log lines name it, and commands carry it on."""

from collections.abc import Generator
from contextlib import contextmanager

import structlog

_NAME = "request_id"


@contextmanager
def following_from(request_id: str | None) -> Generator[None]:
    """Let log lines and commands of this context name a request; None lets them name none.

    What is begun as a task in it keeps it.
    """
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        if request_id is None:
            structlog.contextvars.unbind_contextvars(_NAME)
        yield


def current_request_id() -> str | None:
    """Give the request that this context follows from."""
    request_id = structlog.contextvars.get_contextvars().get(_NAME)
    return request_id if isinstance(request_id, str) else None
