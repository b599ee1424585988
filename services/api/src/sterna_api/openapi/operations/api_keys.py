"""`/v1/api-keys`."""

from sterna_api.http.api_key_bodies import (
    CreateApiKeyBody,
    CreatedApiKeyBody,
    RotateApiKeyBody,
    RotatedApiKeyBody,
    UpdateApiKeyBody,
)
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
        method="PATCH",
        path=_ONE,
        scope="admin:write",
        summary="Change what a key may do, from where, or until when",
        description="Nobody can give a key a scope that their own key does not have.",
        body=UpdateApiKeyBody,
        answers={200: ApiKeyLine},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/rotate",
        scope="admin:write",
        summary="Give a key another secret; the one before it is accepted for a while",
        body=RotateApiKeyBody,
        answers={200: RotatedApiKeyBody},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        scope="admin:write",
        summary="Accept a key no more",
        answers={200: DeletedBody},
    ),
)
