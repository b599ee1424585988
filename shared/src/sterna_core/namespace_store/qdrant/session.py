import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from sterna_core.errors import NotFound, SternaError, Terminal, Transient, Unreachable

CALL_SECONDS = 60
"""How long one request to the server may take."""

_FAULTS = (UnexpectedResponse, ResponseHandlingException, OSError, RuntimeError, ValueError)


def open_client(**where: Any) -> AsyncQdrantClient:
    """Make a client: `url` and `api_key` of a server, or `path` of a folder for one process alone.

    Its owner closes it.
    """
    with translated():
        return AsyncQdrantClient(
            **where, timeout=CALL_SECONDS, check_compatibility=False, prefer_grpc=False
        )


@contextmanager
def translated() -> Generator[None]:
    """Turn what the client raises inside into an error of this project, without its text."""
    try:
        yield
    except SternaError:
        raise
    except _FAULTS as error:
        raise _translate(error) from None


def _translate(error: Exception) -> SternaError:
    if isinstance(error, UnexpectedResponse):
        return _by_status(error.status_code or 0)
    if isinstance(error, ResponseHandlingException | OSError | asyncio.TimeoutError):
        return Unreachable("The store does not answer.", code="store_unreachable")
    # What the local mode says of what is not there, of a folder in use, or of a value.
    if "not found" in str(error):
        return NotFound("The space is gone.", code="space_not_found")
    return Terminal("The store refuses a request.", code="store_refused")


def _by_status(status: int) -> SternaError:
    details = {"status": status}
    if status == 404:
        return NotFound("The space is gone.", code="space_not_found", details=details)
    if status in {401, 403}:
        return Terminal("The store refuses the key.", code="store_refused", details=details)
    if status in {408, 409, 429} or status >= 500:
        return Transient("The store's server fails.", code="store_failing", details=details)
    return Terminal("The store refuses a request.", code="store_refused", details=details)
