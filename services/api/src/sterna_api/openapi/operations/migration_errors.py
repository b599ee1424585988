"""`/v1/migrations/{id}/errors`: what failed, what was refused, and what becomes of it."""

from sterna_api.http.error_bodies import (
    ErrorAnswer,
    ErrorsQuery,
    ResolveBody,
    RetryBody,
)
from sterna_api.openapi.operation import Operation, Page
from sterna_api.projections.migration_errors import KnownError

_ALL = "/v1/migrations/{migration_id}/errors"
_ONE = f"{_ALL}/{{error_id}}"

OPERATIONS = (
    Operation(
        method="GET",
        path=_ALL,
        scope="migrations:read",
        summary="List failures of tasks and rows that were refused, newest first",
        query=ErrorsQuery,
        answers={200: Page(KnownError)},
    ),
    Operation(
        method="GET",
        path=_ONE,
        scope="migrations:read",
        summary="Show an error",
        answers={200: KnownError},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/resolve",
        scope="migrations:write",
        summary="Decide what becomes of the rows that were refused",
        body=ResolveBody,
        answers={200: ErrorAnswer},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/retry",
        scope="migrations:write",
        summary="Try the rows that were refused again",
        body=RetryBody,
        answers={200: ErrorAnswer},
    ),
)
