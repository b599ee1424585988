"""One of everything, so that requests reach more than what is not found."""

import io
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from schemathesis import Case
from tests.support.api.client import Client
from tests.support.api.service import Service

from sterna_api.http.media import PARQUET
from sterna_api.openapi.parameters import PREFIXES

PATIENCE_SECONDS = 60.0
"""A machine that is busy answers late, and so with 503; that has tests of its own."""
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
ARTIFACT = "members.parquet"
RESOURCES: dict[str, dict[str, Any]] = {
    "buckets/a_bucket": {},
    "collections/a_collection": {"source": {"type": "bucket", "bucket_ids": ["a_bucket"]}},
    "retrievers/a_retriever": {"collection_ids": ["a_collection"]},
    "taxonomies/a_taxonomy": {"retriever_id": "a_retriever"},
    "clusters/a_cluster": {"collection_ids": ["a_collection"]},
}
_RESOURCE_IDS = tuple(path.partition("/")[2] for path in RESOURCES)

STANDING_FOR: dict[str, tuple[str, ...]] = {
    **{name: (_id(name), _id(name, _NOTHING)) for name in PREFIXES},
    "migration_id": (APPROVED, COMPLETED, PAUSED, _id("migration_id", _NOTHING)),
    "mapping_id": (MAPPING, "another"),
    "alias": (ALIAS, "another"),
    "artifact_name": (ARTIFACT, "another.parquet", "another"),
    "resource_id": (*_RESOURCE_IDS, "another"),
    "source_namespace_id": (NAMESPACE, "another"),
}
"""What stands for the id of something there is, and of nothing, by the name of the parameter.

Real ids are other ones in each run; with these in their place a seed draws the same requests.
"""


_TOGETHER = (
    frozenset({APPROVED, CONNECTION, MAPPING}),
    frozenset({COMPLETED}),
    frozenset({PAUSED, ERROR}),
    frozenset({WEBHOOK, DELIVERY}),
    frozenset({API_KEY}),
    frozenset({NAMESPACE, ALIAS, ARTIFACT, *_RESOURCE_IDS, COPY, TASK}),
)
"""What is made at once."""


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"document_id": ["doc_1"]}), buffer)
    return buffer.getvalue()


class Things:
    """Knows the ids of what was made, and makes anew what was used up."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._client = service.client()
        self._ids: dict[str, str] = {}
        self._makers = {
            APPROVED: self._approved,
            COMPLETED: self._completed,
            PAUSED: self._paused,
            WEBHOOK: self._webhook,
            API_KEY: self._api_key,
            NAMESPACE: self._namespace,
        }

    async def renew(self) -> None:
        """Make everything that is not as it was made."""
        for first, make in self._makers.items():
            if first not in self._ids:
                self._ids |= await make()

    def use_up(self, used: frozenset[str]) -> None:
        """Say that these, and what was made with them, may no longer be as they were made."""
        for together in _TOGETHER:
            if used & together:
                for each in together:
                    self._ids.pop(each, None)

    def put_into(self, case: Case) -> frozenset[str]:
        """Put real ids where a request has what stands for them; tells which it has."""
        # In place, so that the request is not judged anew: these are not what was drawn.
        return self._put(case.path_parameters) | self._put(case.body)

    async def _approved(self) -> dict[str, str]:
        approved = await self._client.migration()
        source = (await self._in_status(approved, "approved"))["source"]
        plan = (await self._client.get(f"/v1/migrations/{approved}/plan")).json
        mapping = plan["mappings"][0]["id"]
        return {APPROVED: approved, CONNECTION: source["connection_id"], MAPPING: mapping}

    async def _completed(self) -> dict[str, str]:
        return {COMPLETED: await self._started("completed")}

    async def _paused(self) -> dict[str, str]:
        paused = await self._started("paused", refused_rows=1)
        (error,) = (await self._client.get(f"/v1/migrations/{paused}/errors")).json["data"]
        return {PAUSED: paused, ERROR: error["id"]}

    async def _webhook(self) -> dict[str, str]:
        body = {"url": "https://example.com/x", "events": ["*"]}
        webhook = await _made(self._client, "/v1/webhooks", body)
        delivery = await _made(self._client, f"/v1/webhooks/{webhook['id']}/test", {})
        return {WEBHOOK: webhook["id"], DELIVERY: delivery["delivery_id"]}

    async def _api_key(self) -> dict[str, str]:
        return {API_KEY: (await _made(self._client, "/v1/api-keys", {"name": "one"}))["id"]}

    async def _namespace(self) -> dict[str, str]:
        """Make a namespace with a resource of each kind, and let the alias lead to it."""
        made = await _made(self._client, "/v1/namespaces", {"name": f"space_{uuid4().hex}"})
        one = f"/v1/namespaces/{made['id']}"
        for path, definition in RESOURCES.items():
            await self._client.send("PUT", f"{one}/{path}", {"definition": definition})
        await self._client.send(
            "PUT",
            f"{one}/clusters/a_cluster/artifacts/{ARTIFACT}",
            raw=_parquet(),
            headers={"Content-Type": PARQUET},
        )
        alias = f"/v1/namespaces/aliases/{ALIAS}"
        await self._client.send("PUT", alias, {"namespace_id": made["id"]})
        # What people name has the same names in each run.
        names = {each: each for each in (ALIAS, ARTIFACT, *_RESOURCE_IDS)}
        return {NAMESPACE: made["id"], **names, **await self._copy(made["id"])}

    async def _copy(self, namespace_id: str) -> dict[str, str]:
        config = {"migration_type": "copy", "source_namespace_id": namespace_id}
        copy = await _made(self._client, "/v1/namespaces/migrations/", {"config": config})
        task = "tsk_" + copy["migration_id"].removeprefix("nmig_")
        return {COPY: copy["migration_id"], TASK: task}

    async def _started(self, status: str, *, refused_rows: int = 0) -> str:
        migration_id = await self._client.migration()
        await self._in_status(migration_id, "approved")
        world = self._service.executors.world(migration_id)
        world.refused["public.orders"] = set(range(refused_rows))
        await self._client.post(f"/v1/migrations/{migration_id}/start")
        await self._in_status(migration_id, status)
        return migration_id

    async def _in_status(self, migration_id: str, status: str) -> Any:
        return await self._client.in_status(migration_id, status, patience_seconds=PATIENCE_SECONDS)

    def _put(self, value: Any) -> frozenset[str]:
        match value:
            case dict():
                places = list(value.items())
            case list():
                places = list(enumerate(value))
            case _:
                return frozenset()
        found: frozenset[str] = frozenset()
        for place, each in places:
            if isinstance(each, str) and each in self._ids:
                value[place] = self._ids[each]
                found |= {each}
            else:
                found |= self._put(each)
        return found


async def _made(client: Client, path: str, body: dict[str, Any]) -> Any:
    reply = await client.post(path, body)
    assert reply.status in {200, 201, 202}, reply.text
    return reply.json
