"""What retrievers were asked and what was done with the answers, over HTTP."""

from typing import Any

import pytest
from tests.contract.test_namespace_documents import document, space, upload
from tests.contract.test_namespaces import types_of
from tests.support.api.client import Client

__all__ = ["space"]
ASKED = {"inputs": {"vector": [1.0, 0.0, 0.0], "user": "u 1"}, "limit": 2}


@pytest.fixture
async def retriever(client: Client, space: str) -> str:
    """A retriever with something to find."""
    await upload(client, f"{space}/documents", *(document(number) for number in range(5)))
    return f"{space}/retrievers/near"


async def records(client: Client, path: str) -> list[dict[str, Any]]:
    found, after = [], ""
    while True:
        page = (await client.get(f"{path}?limit=2{after}")).json
        found += page["data"]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


async def test_only_what_is_asked_to_be_recorded_is_and_without_vectors(
    client: Client, retriever: str
) -> None:
    silent = await client.post(f"{retriever}/execute", ASKED)
    assert silent.json["execution_id"] is None
    assert await records(client, f"{retriever}/executions") == []
    told = await client.post(f"{retriever}/execute", {**ASKED, "record": True}, key="once")
    again = await client.post(f"{retriever}/execute", {**ASKED, "record": True}, key="once")
    assert again.json == told.json
    (found,) = await records(client, f"{retriever}/executions")
    assert found["execution_id"] == told.json["execution_id"]
    assert found["inputs"] == {"user": "u 1"}
    assert [each["document_id"] for each in found["results"]] == [
        each["document_id"] for each in told.json["results"]
    ]
    assert {name for each in found["results"] for name in each} == {
        "document_id",
        "collection_id",
        "score",
    }


async def test_interactions_are_written_listed_and_forgotten(
    client: Client, retriever: str, space: str
) -> None:
    path = f"{retriever}/interactions"
    made = await client.post(path, {"document_id": "doc/0001", "type": "click"})
    assert made.status == 201, made.text
    wanted = {
        "document_id": "doc/0002",
        "type": "purchase",
        "value": 3.5,
        "execution_id": "exc_1",
        "at": "2026-02-03T04:05:06Z",
    }
    bought = (await client.post(path, wanted)).json
    assert {name: bought[name] for name in wanted} == wanted
    found = await records(client, path)
    assert len(found) == 2
    assert made.json in found
    assert bought in found
    assert (await client.get(f"{space}/buckets/inbox/objects")).json["data"] == []
    assert (await client.send("DELETE", path)).json == {"forgotten": 2}
    assert await records(client, path) == []


async def test_what_means_nothing_is_refused(client: Client, retriever: str, space: str) -> None:
    path = f"{retriever}/interactions"
    unknown = await client.post(path, {"document_id": "nothing", "type": "click"})
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "document_not_found")
    for wrong in (
        {"document_id": "doc/0001", "type": "stare"},
        {"document_id": "doc/0001", "type": "click", "at": "9999-12-31T23:59:59Z"},
        {"document_id": "doc/0001", "type": "click", "value": 1e300},
    ):
        assert (await client.post(path, wrong)).status == 422
    nobody = f"{space}/retrievers/nobody/interactions"
    assert (await client.get(nobody)).json["error"]["code"] == "retriever_not_found"
    reserved = await upload(
        client, f"{space}/buckets/inbox/objects", {"object_id": "_executions/near/exc_1"}
    )
    assert (reserved.status, types_of(reserved)) == (422, ["object_id_reserved"])


async def test_a_retriever_that_is_removed_takes_its_history_along(
    client: Client, retriever: str, space: str
) -> None:
    path = f"{retriever}/interactions"
    assert (await client.post(path, {"document_id": "doc/0001", "type": "view"})).status == 201
    definition = (await client.get(retriever)).json["definition"]
    assert (await client.send("DELETE", retriever)).status == 200
    put = await client.send("PUT", retriever, {"definition": definition})
    assert put.status == 200
    assert await records(client, path) == []
