"""`/v1/api-keys`."""

from sterna_api.http.api_keys import CreateApiKeyBody, CreatedApiKeyBody
from sterna_api.http.deleted import DeletedBody
from sterna_api.http.paging import PageQuery
from sterna_api.openapi.operation import Operation, Page
from sterna_api.projections.api_keys import ApiKeyLine

_ALL = "/v1/api-keys"
_ONE = "/v1/api-keys/{api_key_id}"

OPERATIONS = (
    Operation(
        method="POST",
        path=_ALL,
        scope="admin:write",
        summary="Make a key, which is shown in this answer only",
        body=CreateApiKeyBody,
        answers={201: CreatedApiKeyBody},
    ),
    Operation(
        method="GET",
        path=_ALL,
        scope="admin:read",
        summary="List keys, newest first",
        query=PageQuery,
        answers={200: Page(ApiKeyLine)},
    ),
    Operation(
        method="GET",
        path=_ONE,
        scope="admin:read",
        summary="Show a key, without the key itself",
        answers={200: ApiKeyLine},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        scope="admin:write",
        summary="Accept a key no more",
        answers={200: DeletedBody},
    ),
)
