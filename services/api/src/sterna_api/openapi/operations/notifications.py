"""`/v1/migrations/{id}/notifications`."""

from sterna_api.http.notifications import NoticesQuery
from sterna_api.openapi.operation import Operation, Page
from sterna_api.projections.notices import NoticeLine

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/migrations/{migration_id}/notifications",
        scope="migrations:read",
        summary="List who was and will be told what of a migration, newest first",
        query=NoticesQuery,
        answers={200: Page(NoticeLine)},
    ),
)
