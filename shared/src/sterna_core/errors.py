"""What can go wrong, and whether trying again helps.

    SternaError                  carries a stable code, a message for a person, and details
    ├── Transient                the same attempt may succeed later
    │   ├── Unreachable          a server did not answer, or refused the connection
    │   ├── OutcomeUnknown       a command was sent, and what became of it is not known
    │   ├── RateLimited          too much was asked for in too short a time
    │   └── SnapshotLost         the exported snapshot is gone; a new one is needed
    └── Terminal                 the same attempt will fail again until something is changed
        ├── Rejected             a decision: the command is refused in this state
        ├── InvalidRequest       what was sent is not of the right shape
        ├── Unauthorized         no valid key
        ├── Forbidden            the key does not allow this
        ├── NotFound             no such thing in this organisation
        ├── MissingRight         a role lacks a right, or a server a setting
        ├── TargetConflict       the target already holds an object of that name
        ├── DataRejected         the target cannot hold a value of the source
        ├── Fenced               the work belongs to an epoch that is over
        └── Misconfigured        a setting is missing or wrong

Messages never carry a driver's text, a credential or a row's contents.
"""

from typing import Any


class SternaError(Exception):
    """Something went wrong; `code` is stable and `message` says what can be done."""

    code = "internal_error"

    def __init__(
        self, message: str, *, code: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details: dict[str, Any] = details or {}


class Transient(SternaError):
    """The same attempt may succeed later."""

    code = "temporarily_unavailable"


class Terminal(SternaError):
    """The same attempt will fail again until something is changed."""


class Unreachable(Transient):
    """A server did not answer, or refused the connection."""

    code = "unreachable"


class OutcomeUnknown(Transient):
    """A command was sent, and what became of it is not known yet."""

    code = "outcome_unknown"


class RateLimited(Transient):
    """Too much was asked for in too short a time; `retry_after_seconds` says when to go on."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, details={"retry_after_seconds": retry_after_seconds})
        self.retry_after_seconds = retry_after_seconds


class SnapshotLost(Transient):
    """The exported snapshot is gone; a new one is needed."""

    code = "snapshot_lost"


class Rejected(Terminal):
    """A decision: the command is refused in this state."""

    code = "invalid_state"

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message, code=code, details=details)


class InvalidRequest(Terminal):
    """What was sent is not of the right shape."""

    code = "invalid_request"


class Unauthorized(Terminal):
    """No valid key was presented."""

    code = "unauthorized"


class Forbidden(Terminal):
    """The key is valid, and does not allow this."""

    code = "forbidden"


class NotFound(Terminal):
    """No such thing in this organisation."""

    code = "not_found"


class MissingRight(Terminal):
    """A role lacks a right, or a server a setting; the message names it."""

    code = "missing_right"


class TargetConflict(Terminal):
    """The target already holds an object of that name."""

    code = "target_conflict"


class DataRejected(Terminal):
    """The target cannot hold a value of the source."""

    code = "data_rejected"


class Fenced(Terminal):
    """The work belongs to an epoch that is over; nothing was written."""

    code = "fenced"


class Misconfigured(Terminal):
    """A setting is missing or wrong; the message names it."""

    code = "misconfigured"
