"""Namespaces with a few documents in stores of any kind, made and migrated over REST."""

from typing import Any
from uuid import uuid4

import msgspec
from tests.support.api.client import Client

ALL = "/v1/namespaces/migrations"
WORDS = "sterna://words@v1/embedding"
EXTRACTOR = {
    "feature_extractor_name": "words",
    "version": "v1",
    "outputs": [{"name": "embedding", "dimensions": 3}],
}
RESOURCES: dict[str, dict[str, Any]] = {
    "buckets/bkt_1": {},
    "collections/col_1": {"source": {"type": "bucket", "bucket_ids": ["bkt_1"]}},
    "retrievers/ret_1": {
        "collection_ids": ["col_1"],
        "stages": [{"stage_type": "feature_search", "config": {"feature_uri": WORDS}}],
    },
}
_ENDS = frozenset({"completed", "failed", "cancelled"})


class Scene:
    """What a test does, over REST."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def namespace(self, **fields: Any) -> str:
        """Make an empty namespace; give its id."""
        body = {"name": f"space_{uuid4().hex[:12]}", "feature_extractors": [EXTRACTOR], **fields}
        made = await self.client.post("/v1/namespaces", body)
        assert made.status == 201, made.text
        name: str = made.json["id"]
        return name

    async def put(self, namespace: str, resources: dict[str, dict[str, Any]]) -> None:
        """Put resources into it."""
        for path, definition in resources.items():
            one = f"/v1/namespaces/{namespace}/{path}"
            reply = await self.client.send("PUT", one, {"definition": definition})
            assert reply.status in {200, 201}, reply.text

    async def filled(self, documents: int, **fields: Any) -> str:
        """Make a namespace with a bucket, its object, a collection, a retriever and documents."""
        name = await self.namespace(**fields)
        await self.put(name, RESOURCES)
        objects = [{"object_id": "obj_1", "payload": {"n": 1}}]
        await self.upload(f"/v1/namespaces/{name}/buckets/bkt_1/objects", objects)
        lines = [document(number) for number in range(documents)]
        await self.upload(f"/v1/namespaces/{name}/documents", lines)
        return name

    async def documents(self, namespace: str) -> dict[str, Any]:
        """Give all documents, with their vectors, by what is in their field `number`."""
        path = f"/v1/namespaces/{namespace}/documents?limit=100&include_vectors=true"
        found: dict[str, Any] = {}
        after = ""
        while True:
            page = (await self.client.get(f"{path}{after}")).json
            found |= {str(each["payload"]["number"]): each for each in page["data"]}
            if not page.get("next"):
                return found
            after = f"&after={page['next']}"

    async def created(self, source: str, **options: Any) -> str:
        """Make a draft."""
        config = {
            "migration_type": "copy",
            "source_namespace_id": source,
            "batch_options": {"batch_size": 10, "max_workers": 4},
            **options,
        }
        made = await self.client.post(f"{ALL}/", {"config": config})
        assert made.status == 201, made.text
        migration_id: str = made.json["migration_id"]
        return migration_id

    async def started(self, source: str, **options: Any) -> str:
        """Make a migration and start it."""
        migration_id = await self.created(source, **options)
        await self.start(migration_id)
        return migration_id

    async def start(self, migration_id: str) -> None:
        """Start a draft."""
        begun = await self.client.post(f"{ALL}/{migration_id}/start", {"force": True})
        assert begun.status == 200, begun.text

    async def ended(self, migration_id: str) -> Any:
        """Wait for an end; give what is shown then."""
        return await self.client.until(
            f"{ALL}/{migration_id}", lambda body: body["status"] in _ENDS
        )

    async def upload(self, path: str, lines: list[dict[str, Any]]) -> None:
        """Upload documents or objects, all of which have to be right."""
        raw = b"\n".join(msgspec.json.encode(line) for line in lines)
        headers = {"Content-Type": "application/x-ndjson"}
        reply = await self.client.post(path, raw=raw, headers=headers)
        assert (reply.status, reply.json["rejected"]) == (200, 0), reply.text


def document(number: int) -> dict[str, Any]:
    """Give a document whose payload and vector follow from its number."""
    return {
        "document_id": f"doc_{number:04}",
        "collection_id": "col_1",
        "payload": {
            "number": number,
            "price": number + 0.1,
            "_internal": {"lineage": {"root_bucket_id": "bkt_1", "root_object_id": "obj_1"}},
        },
        "vectors": {WORDS: [1.0, number / 128, 0.5]},
    }
