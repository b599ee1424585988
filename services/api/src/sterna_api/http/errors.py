"""One table says which HTTP status and type an error has; one middleware applies it."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from msgspec import UNSET, Struct, UnsetType

from sterna_api.http.answer import answer
from sterna_api.http.caller import REQUEST_ID
from sterna_api.http.media import PROBLEM, prefers_problem
from sterna_api.http.problem import InvalidShape, Problem
from sterna_core import errors as e
from sterna_core.logs import clean_text

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

RETRY_AFTER_SECONDS = 1
_STATUS_BY_CODE = {
    "forbidden": 403,
    "precondition_failed": 412,
    "idempotency_key_reused": 422,
    "decision_too_large": 413,
    "record_too_large": 413,
    "artifact_too_large": 413,
    "internal_error": 500,
    "undecodable": 500,
    "unknown_aggregate": 404,
    "connection_failed": 409,
    "request_in_progress": 409,
}
_STATUS_BY_KIND: tuple[tuple[type[e.SternaError], int], ...] = (
    (e.Unauthorized, 401),
    (e.Forbidden, 403),
    (e.RateLimited, 429),
    (e.NotFound, 404),
    (e.InvalidRequest, 400),
    (e.Rejected, 409),
    (e.Misconfigured, 500),
    (e.Transient, 503),
    (e.Terminal, 409),
)
_TYPES = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    406: "NotAcceptableError",
    409: "ConflictError",
    412: "PreconditionFailedError",
    413: "PayloadTooLargeError",
    415: "UnsupportedMediaTypeError",
    422: "ValidationError",
    429: "TooManyRequestsError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}

_log = structlog.get_logger()


class ErrorDetail(Struct, frozen=True):
    """What went wrong, for a person and for a program."""

    type: str
    code: str
    message: str
    request_id: str
    details: dict[str, Any] | UnsetType = UNSET


class ErrorBody(Struct, frozen=True):
    """The body of every error but those of shape."""

    status: int
    error: ErrorDetail
    success: bool = False


class ProblemBody(Struct, frozen=True, omit_defaults=True):
    """An error by RFC 9457, for who asks for `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    details: dict[str, Any] = {}
    errors: tuple[Problem, ...] = ()


class ProblemsBody(Struct, frozen=True):
    """The body of an answer 422."""

    detail: tuple[Problem, ...]


def status_of(error: e.SternaError) -> int:
    """Give the HTTP status of an error."""
    if error.code in _STATUS_BY_CODE:
        return _STATUS_BY_CODE[error.code]
    if error.code.endswith("_not_found"):
        return 404
    return next((status for kind, status in _STATUS_BY_KIND if isinstance(error, kind)), 500)


def answer_error(request: web.Request, error: e.SternaError) -> web.Response:
    """Answer with an error, in the one shape there is for its status."""
    if isinstance(error, InvalidShape):
        return _answer_problems(request, error.code, error.message, error.problems)
    status = status_of(error)
    if status == 422:
        problem = Problem(("header", "Idempotency-Key"), error.message, error.code)
        return _answer_problems(request, error.code, error.message, (problem,))
    headers = {}
    if isinstance(error, e.RateLimited):
        headers["Retry-After"] = str(error.retry_after_seconds)
    elif isinstance(error, e.Transient):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return _answer(request, status, error.code, error.message, error.details, headers)


def _answer(
    request: web.Request,
    status: int,
    code: str,
    message: str,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    if _prefers_problem(request):
        problem = ProblemBody(
            type=f"urn:sterna:error:{code}",
            title=_title(status),
            status=status,
            detail=clean_text(message),
            code=code,
            request_id=request.get(REQUEST_ID, ""),
            details=details or {},
        )
        return answer(problem, status=status, headers=headers, content_type=PROBLEM)
    detail = ErrorDetail(
        type=_TYPES.get(status, "Error"),
        code=code,
        message=clean_text(message),
        request_id=request.get(REQUEST_ID, ""),
        details=details or UNSET,
    )
    return answer(ErrorBody(status, detail), status=status, headers=headers)


def _answer_problems(
    request: web.Request, code: str, message: str, problems: tuple[Problem, ...]
) -> web.Response:
    problems = tuple(_clean(each) for each in problems)
    if not _prefers_problem(request):
        return answer(ProblemsBody(problems), status=422)
    body = ProblemBody(
        type=f"urn:sterna:error:{code}",
        title=_title(422),
        status=422,
        detail=message,
        code=code,
        request_id=request.get(REQUEST_ID, ""),
        errors=problems,
    )
    return answer(body, status=422, content_type=PROBLEM)


def _clean(problem: Problem) -> Problem:
    """Name a field that a client has made up without the control characters that it had."""
    loc = tuple(clean_text(step) if isinstance(step, str) else step for step in problem.loc)
    return Problem(loc, problem.msg, problem.type)


def _prefers_problem(request: web.Request) -> bool:
    return prefers_problem(request.headers.getall("Accept", []))


def _title(status: int) -> str:
    return HTTPStatus(status).phrase


@web.middleware
async def errors_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every exception into an answer; what is not expected says nothing about itself."""
    try:
        return await handler(request)
    except e.SternaError as error:
        response = answer_error(request, error)
        if response.status >= 500:
            _log.warning("request.failed", code=error.code, error_message=error.message)
        return response
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _from_aiohttp(request, error)
    except ConnectionError:
        # The client has gone: nobody reads an answer.
        raise
    except Exception:  # ruff: ignore[blind-except]  # the last resort: a client gets an answer
        _log.exception("request.crashed", path=request.path)
        return _answer(
            request, 500, "internal_error", "Something went wrong here; it has been logged."
        )


def _from_aiohttp(request: web.Request, error: web.HTTPException) -> web.Response:
    """Give aiohttp's own refusals the same shape."""
    headers = {}
    if isinstance(error, web.HTTPMethodNotAllowed):
        headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    code, message = _AIOHTTP.get(error.status, ("http_error", "The request was refused."))
    return _answer(request, error.status, code, message, headers=headers)


_AIOHTTP = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This method is not allowed here."),
    406: ("not_acceptable", "None of the types in the header Accept can be given."),
    413: ("payload_too_large", "The body is larger than 1 MiB."),
    415: ("unsupported_media_type", "Send the body as application/json."),
}
