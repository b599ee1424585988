"""`/v1/webhooks`."""

from sterna_api.http.deleted import DeletedBody
from sterna_api.http.paging import PageQuery
from sterna_api.http.webhook_bodies import (
    CreatedWebhookBody,
    CreateWebhookBody,
    DeliveriesQuery,
    QueuedDeliveryBody,
    RotatedSecretBody,
    RotateSecretBody,
    TestWebhookBody,
    UpdateWebhookBody,
    WebhookBody,
)
from sterna_api.openapi.operation import Operation, Page
from sterna_api.projections.webhooks import DeliveryLine

_ALL = "/v1/webhooks"
_ONE = "/v1/webhooks/{webhook_id}"

OPERATIONS = (
    Operation(
        method="POST",
        path=_ALL,
        scope="webhooks:write",
        summary="Send events to an address from now on",
        description="The secret that deliveries are signed with is shown in this answer only.",
        body=CreateWebhookBody,
        answers={201: CreatedWebhookBody},
    ),
    Operation(
        method="GET",
        path=_ALL,
        scope="webhooks:read",
        summary="List webhooks, newest first",
        query=PageQuery,
        answers={200: Page(WebhookBody)},
    ),
    Operation(
        method="GET",
        path=_ONE,
        scope="webhooks:read",
        summary="Show a webhook",
        answers={200: WebhookBody},
    ),
    Operation(
        method="PATCH",
        path=_ONE,
        scope="webhooks:write",
        summary="Change a webhook",
        description="A field left out stays. `status` `active` enables one that was disabled.",
        body=UpdateWebhookBody,
        answers={200: WebhookBody},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/test",
        scope="webhooks:write",
        summary="Send a test event",
        body=TestWebhookBody,
        answers={202: QueuedDeliveryBody},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/rotate-secret",
        scope="webhooks:write",
        summary="Sign with another secret",
        description="The one before signs as well for `overlap_seconds`, a day if left out.",
        body=RotateSecretBody,
        answers={200: RotatedSecretBody},
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/deliveries/{{delivery_id}}/retry",
        scope="webhooks:write",
        summary="Send an event once more",
        answers={202: QueuedDeliveryBody},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        scope="webhooks:write",
        summary="Send nothing more to an address",
        answers={200: DeletedBody},
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/deliveries",
        scope="webhooks:read",
        summary="List what was and will be sent to an address, newest first",
        query=DeliveriesQuery,
        answers={200: Page(DeliveryLine)},
    ),
)
