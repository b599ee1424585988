"""`/v1/namespaces`."""

from sterna_api.http.deleted import DeletedBody
from sterna_api.http.namespace_bodies import (
    CreateNamespaceBody,
    DeleteNamespaceQuery,
    NamespaceBody,
    NamespaceLineBody,
    NamespacesQuery,
    PointAliasBody,
    PutResourceBody,
    ResourceBody,
)
from sterna_api.http.namespace_references import ReferencesBody
from sterna_api.http.namespace_resources import PLURALS
from sterna_api.http.paging import PageQuery
from sterna_api.openapi.operation import Operation, Page
from sterna_api.projections.namespaces import AliasLine

_ALL = "/v1/namespaces"
_ONE = "/v1/namespaces/{namespace_id}"
_ALIASES = "/v1/namespaces/aliases"
_READ, _WRITE = "namespaces:read", "namespaces:write"


def _of_kind(kind: str, plural: str) -> tuple[Operation, ...]:
    every, one = f"{_ONE}/{plural}", f"{_ONE}/{plural}/{{resource_id}}"
    return (
        Operation(
            method="GET",
            path=every,
            scope=_READ,
            summary=f"List the {plural} of a namespace, by id",
            query=PageQuery,
            answers={200: Page(ResourceBody)},
        ),
        Operation(
            method="GET",
            path=one,
            scope=_READ,
            summary=f"Show a {kind}",
            answers={200: ResourceBody},
        ),
        Operation(
            method="PUT",
            path=one,
            scope=_WRITE,
            summary=f"Keep the definition of a {kind}",
            description="In place of the one there was. What it needs has to be there already.",
            body=PutResourceBody,
            answers={200: ResourceBody},
        ),
        Operation(
            method="DELETE",
            path=one,
            scope=_WRITE,
            summary=f"Forget a {kind}",
            description="Refused (409 `resource_in_use`) while another definition needs it.",
            answers={200: DeletedBody},
        ),
    )


OPERATIONS = (
    Operation(
        method="POST",
        path=_ALL,
        scope=_WRITE,
        summary="Make a namespace",
        description="Answers 409 `namespace_name_taken` where the organisation has the name.",
        body=CreateNamespaceBody,
        answers={201: NamespaceBody},
    ),
    Operation(
        method="GET",
        path=_ALL,
        scope=_READ,
        summary="List namespaces, newest first",
        query=NamespacesQuery,
        answers={200: Page(NamespaceLineBody)},
    ),
    Operation(
        method="GET",
        path=_ALIASES,
        scope=_READ,
        summary="List aliases, by name",
        query=PageQuery,
        answers={200: Page(AliasLine)},
    ),
    Operation(
        method="GET",
        path=f"{_ALIASES}/{{alias}}",
        scope=_READ,
        summary="Show where an alias leads",
        answers={200: AliasLine},
    ),
    Operation(
        method="PUT",
        path=f"{_ALIASES}/{{alias}}",
        scope=_WRITE,
        summary="Lead an alias to a namespace",
        description="In one step for every reader; the answer says where it led before.",
        body=PointAliasBody,
        answers={200: AliasLine},
    ),
    Operation(
        method="DELETE",
        path=f"{_ALIASES}/{{alias}}",
        scope=_WRITE,
        summary="Lead an alias nowhere",
        answers={200: DeletedBody},
    ),
    Operation(
        method="GET",
        path=_ONE,
        scope=_READ,
        summary="Show a namespace",
        description="Its name, or an alias that leads to it, may stand for its id everywhere.",
        answers={200: NamespaceBody},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        scope=_WRITE,
        summary="Forget a namespace",
        description=(
            "Its documents go first, unless `keep_documents` is true. Refused (409 `alias_held`)"
            " while an alias leads to it."
        ),
        query=DeleteNamespaceQuery,
        answers={200: DeletedBody},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/references",
        scope=_READ,
        summary="Look for what definitions name and is not there",
        description="Attachments may dangle, and features that no extractor here makes.",
        answers={200: ReferencesBody},
    ),
    *(operation for kind, plural in PLURALS.items() for operation in _of_kind(kind, plural)),
)
