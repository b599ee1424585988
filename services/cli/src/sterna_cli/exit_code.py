from enum import IntEnum

from sterna_core.errors import SternaError

_CONFLICTS = frozenset(
    {
        "invalid_state",
        "plan_not_ready",
        "approval_required",
        "target_conflict",
        "in_use",
        "connection_in_use",
        "restore_not_available",
        "rollback_failed",
        "rollback_not_available",
        "embedded_stack_running",
    }
)
_USAGE = frozenset({"invalid_request", "misconfigured", "unauthorized"})


class ExitCode(IntEnum):
    """What the process tells its caller; these numbers are promised."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    INTERRUPTED = 130

    @classmethod
    def of(cls, error: SternaError) -> "ExitCode":
        """Give the exit code that stands for an error, by its stable code."""
        if error.code in _CONFLICTS:
            return cls.CONFLICT
        if error.code in _USAGE:
            return cls.USAGE
        if error.code == "not_found" or error.code.endswith("_not_found"):
            return cls.NOT_FOUND
        return cls.FAILED
