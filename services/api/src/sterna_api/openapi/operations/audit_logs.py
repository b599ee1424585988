"""`/v1/audit-logs`."""

from sterna_api.http.audit_logs import AuditQuery
from sterna_api.openapi.operation import Operation, Page
from sterna_api.projections.audit_log import AuditLine

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/audit-logs",
        scope="admin:read",
        summary="List who did what, and who was refused, newest first",
        query=AuditQuery,
        answers={200: Page(AuditLine)},
    ),
)
