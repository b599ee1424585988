import msgspec
from msgspec import Struct

from sterna_core.errors import SternaError, Unreachable

_CODES_BY_STATUS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "invalid_state",
    422: "invalid_request",
    503: "outcome_unknown",
}


class Problem(Struct, frozen=True):
    """One thing that is wrong with what was sent: where, what, and of which kind."""

    loc: tuple[str | int, ...] = ()
    msg: str = ""
    type: str = ""


class _Error(Struct, frozen=True):
    message: str = ""
    type: str = ""
    code: str | None = None
    details: dict[str, object] | None = None


class _ErrorAnswer(Struct, frozen=True):
    error: _Error | None = None
    detail: list[Problem] | None = None


class ApiFailure(SternaError):
    """The API refused a request; `status` is HTTP's, `code` the API's own."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, object]) -> None:
        super().__init__(message, code=code, details=details)
        self.status = status


class ApiUnreachable(Unreachable):
    """The API did not answer."""

    code = "api_unreachable"


def failure_of(status: int, body: bytes) -> ApiFailure:
    """Read the answer to a request that was refused, whatever its body holds."""
    fallback = _CODES_BY_STATUS.get(status, "internal_error")
    try:
        answer = msgspec.json.decode(body, type=_ErrorAnswer)
    except msgspec.DecodeError:
        answer = _ErrorAnswer()
    if answer.detail:
        problems = [
            f"{'.'.join(str(part) for part in problem.loc)}: {problem.msg}"
            for problem in answer.detail
        ]
        return ApiFailure(status, fallback, "; ".join(problems), {"problems": problems})
    error = answer.error or _Error()
    message = error.message or f"the API answered with status {status}"
    return ApiFailure(status, error.code or fallback, message, error.details or {})
