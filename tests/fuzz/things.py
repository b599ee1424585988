"""One of everything, so that requests reach more than what is not found."""

from typing import Any
from uuid import uuid4

from schemathesis import Case
from tests.support.api.client import Client
from tests.support.api.service import Service

from sterna_api.openapi.parameters import PREFIXES

_HEX_DIGITS = 32
_NOTHING = "f"


def _id(name: str, digit: str = "0") -> str:
    return PREFIXES[name] + digit * _HEX_DIGITS


APPROVED, COMPLETED, PAUSED = (_id("migration_id", digit) for digit in "012")
CONNECTION = _id("connection_id")
WEBHOOK, DELIVERY = _id("webhook_id"), _id("delivery_id")
API_KEY = _id("api_key_id")
ERROR = _id("error_id")
NAMESPACE = _id("namespace_id")
COPY, TASK = _id("namespace_migration_id"), _id("task_id")
MAPPING = "a mapping"
ALIAS = "an_alias"
RESOURCES: dict[str, dict[str, Any]] = {
    "buckets/a_bucket": {},
    "collections/a_collection": {"source": {"type": "bucket", "bucket_ids": ["a_bucket"]}},
    "retrievers/a_retriever": {"collection_ids": ["a_collection"]},
    "taxonomies/a_taxonomy": {"retriever_id": "a_retriever"},
    "clusters/a_cluster": {"collection_ids": ["a_collection"]},
}

STANDING_FOR: dict[str, tuple[str, ...]] = {
    **{name: (_id(name), _id(name, _NOTHING)) for name in PREFIXES},
    "migration_id": (APPROVED, COMPLETED, PAUSED, _id("migration_id", _NOTHING)),
    "mapping_id": (MAPPING, "another"),
    "alias": (ALIAS, "another"),
    "resource_id": (*(path.partition("/")[2] for path in RESOURCES), "another"),
    "source_namespace_id": (NAMESPACE, "another"),
}
"""What stands for the id of something there is, and of nothing, by the name of the parameter.

Real ids are other ones in each run; with these in their place a seed draws the same requests.
"""


class Things:
    """Knows the ids of what was made, and makes it anew where it was used up."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._client = service.client()
        self._ids: dict[str, str] = {}

    async def renew(self) -> None:
        """Make everything, if it is not as it was made."""
        if self._ids:
            return
        client = self._client
        approved = await client.migration()
        source = (await client.in_status(approved, "approved"))["source"]
        plan = (await client.get(f"/v1/migrations/{approved}/plan")).json
        completed = await self._started("completed")
        paused = await self._started("paused", refused_rows=1)
        (error,) = (await client.get(f"/v1/migrations/{paused}/errors")).json["data"]
        webhook = await _made(
            client, "/v1/webhooks", {"url": "https://example.com/x", "events": ["*"]}
        )
        delivery = await _made(client, f"/v1/webhooks/{webhook['id']}/test", {})
        key = await _made(client, "/v1/api-keys", {"name": "one"})
        namespace = await self._namespace()
        config = {"migration_type": "copy", "source_namespace_id": namespace}
        copy = await _made(client, "/v1/namespaces/migrations/", {"config": config})
        self._ids = {
            APPROVED: approved,
            COMPLETED: completed,
            PAUSED: paused,
            CONNECTION: source["connection_id"],
            MAPPING: plan["mappings"][0]["id"],
            ERROR: error["id"],
            WEBHOOK: webhook["id"],
            DELIVERY: delivery["delivery_id"],
            API_KEY: key["id"],
            NAMESPACE: namespace,
            COPY: copy["migration_id"],
            TASK: "tsk_" + copy["migration_id"].removeprefix("nmig_"),
        }

    def use_up(self) -> None:
        """Say that they may no longer be as they were made."""
        self._ids = {}

    def put_into(self, case: Case) -> bool:
        """Put real ids where a request has what stands for them; tells whether it has."""
        # In place, so that the request is not judged anew: these are not what was drawn.
        path, body = self._put(case.path_parameters), self._put(case.body)
        return path or body

    async def _namespace(self) -> str:
        """Make a namespace with a resource of each kind, and let the alias lead to it."""
        made = await _made(self._client, "/v1/namespaces", {"name": f"space_{uuid4().hex}"})
        one = f"/v1/namespaces/{made['id']}"
        for path, definition in RESOURCES.items():
            await self._client.send("PUT", f"{one}/{path}", {"definition": definition})
        alias = f"/v1/namespaces/aliases/{ALIAS}"
        await self._client.send("PUT", alias, {"namespace_id": made["id"]})
        namespace_id: str = made["id"]
        return namespace_id

    async def _started(self, status: str, *, refused_rows: int = 0) -> str:
        migration_id = await self._client.migration()
        await self._client.in_status(migration_id, "approved")
        world = self._service.executors.world(migration_id)
        world.refused["public.orders"] = set(range(refused_rows))
        await self._client.post(f"/v1/migrations/{migration_id}/start")
        await self._client.in_status(migration_id, status)
        return migration_id

    def _put(self, value: Any) -> bool:
        match value:
            case dict():
                places = list(value.items())
            case list():
                places = list(enumerate(value))
            case _:
                return False
        found = False
        for place, each in places:
            if isinstance(each, str) and each in self._ids:
                value[place], found = self._ids[each], True
            else:
                found = self._put(each) or found
        return found


async def _made(client: Client, path: str, body: dict[str, Any]) -> Any:
    reply = await client.post(path, body)
    assert reply.status in {200, 201, 202}, reply.text
    return reply.json
