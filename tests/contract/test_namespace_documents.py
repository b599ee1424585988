"""Documents and objects by uploads of lines, and what retrievers find in them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest
from tests.contract.test_namespaces import NOTHING, made, name, put, types_of
from tests.contract.test_namespaces import WORDS as WORDS_EXTRACTOR
from tests.support.api.client import Client, Reply, connection_body
from tests.support.api.service import Service

from sterna_core.namespace.store_place import StorePlace

WORDS = "sterna://words@v1/embedding"
NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(*each: Any) -> bytes:
    return b"\n".join(
        part if isinstance(part, bytes) else msgspec.json.encode(part) for part in each
    )


def document(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "document_id": f"doc/{number:04}",
        "collection_id": "items",
        "payload": {"number": number, "odd": number % 2 == 1},
        "vectors": {WORDS: [1.0, number / 100, 0.0]},
        **fields,
    }


@pytest.fixture
async def space(client: Client) -> str:
    """A namespace with a collection, a bucket and a retriever."""
    one = (await made(client))["id"]
    search = {"stage_type": "feature_search", "config": {"feature_uri": WORDS, "limit": 3}}
    await put(client, one, "buckets/inbox")
    await put(client, one, "collections/items", source={"bucket_ids": ["inbox"]})
    found = await put(client, one, "retrievers/near", collection_ids=["items"], stages=[search])
    assert found.status == 200, found.text
    return f"/v1/namespaces/{one}"


async def upload(client: Client, path: str, *each: Any) -> Reply:
    return await client.post(path, raw=lines(*each), headers=NDJSON)


async def test_documents_come_back_as_they_were_written_page_by_page(client: Client, space: str):
    path = f"{space}/documents"
    assert (await client.get(path)).json == {"data": [], "next": None}
    wanted = [document(number) for number in range(450)]
    taken = await upload(client, path, *wanted)
    assert taken.status == 200, taken.text
    assert taken.json == {
        "lines": 450, "accepted": 450, "rejected": 0, "errors": [], "errors_omitted": 0,
    }  # fmt: skip
    found, after = [], ""
    while True:
        page = (await client.get(f"{path}?limit=100&include_vectors=true{after}")).json
        found += page["data"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    exact = [{**each, "vectors": {WORDS: [1.0, pytest.approx(each["payload"]["number"] / 100), 0.0]}}
             for each in wanted]  # fmt: skip
    assert found == exact
    one = await client.get(f"{path}/doc%2F0007")
    assert one.json == exact[7]
    assert (await client.get(f"{path}/nothing")).json["error"]["code"] == "document_not_found"
    assert (await client.get(f"{path}?collection_id=others")).json["data"] == []
    assert types_of(await client.get(f"{path}?after=%25%25")) == ["position_invalid"]
    again = await upload(client, path, document(7, payload={"new": True}))
    assert again.json["accepted"] == 1
    assert (await client.get(f"{path}/doc%2F0007")).json["payload"] == {"new": True}


async def test_a_line_that_is_wrong_is_named_and_the_others_are_taken(client: Client, space: str):
    reply = await upload(
        client,
        f"{space}/documents",
        document(1),
        b"",
        b"{not json",
        document(2, collection_id="nobodys"),
        document(3, vectors={"sterna://words@v2/embedding": [1, 2, 3]}),
        document(4, vectors={WORDS: [1, 2]}),
        document(5, vectors={"words": [1, 2, 3]}),
        document(6, extra=True),
        document(7, payload={"text": "a\0b"}),
        b'{"document_id": "long", "x": "' + b"x" * 1_100_000 + b'"}',
        document(8, vectors={WORDS: [1e39, 0, 0]}),
        document(9, vectors={WORDS: [1, 2, 3], f"mixpeek{WORDS[len('sterna') :]}": [3, 2, 1]}),
        document(1, payload={"twice": True}),
    )
    assert reply.status == 200, reply.text
    assert (reply.json["accepted"], reply.json["rejected"]) == (2, 10)
    assert [(each["line"], each["type"]) for each in reply.json["errors"]] == [
        (3, "json_invalid"),
        (4, "collection_not_found"),
        (5, "unknown_feature"),
        (6, "wrong_dimensions"),
        (7, "feature_uri"),
        (8, "extra_forbidden"),
        (9, "string_nul"),
        (10, "line_too_long"),
        (11, "not_finite"),
        (12, "repeated"),
    ]
    shown = await client.get(f"{space}/documents/doc%2F0001")
    assert shown.json["payload"] == {"twice": True}


async def test_errors_are_told_up_to_a_number_and_counted_beyond(client: Client, space: str):
    wrong = [document(number, collection_id="nobodys") for number in range(150)]
    reply = await upload(client, f"{space}/documents", document(1), *wrong)
    assert reply.json["rejected"] == 150
    assert len(reply.json["errors"]) == 100
    assert reply.json["errors_omitted"] == 50
    nothing = await upload(client, f"{space}/documents", *wrong)
    assert set(types_of(nothing)) == {"collection_not_found"}
    assert types_of(await upload(client, f"{space}/documents", b"\n\n")) == ["empty"]
    assert (await upload(client, f"/v1/namespaces/{NOTHING}/documents", document(1))).status == 404
    other = await client.post(
        f"{space}/documents", raw=lines(document(1)), headers={"Content-Type": "text/csv"}
    )
    assert other.status == 415


async def test_an_upload_is_taken_while_it_comes_in_however_long_it_is(client: Client, space: str):
    # More than one body may have, and the first lines are there before the last are sent.
    filler = "x" * 20_000
    seen = asyncio.Event()

    async def sent() -> AsyncIterator[bytes]:
        for number in range(300):
            if number == 260:
                first = f"{space}/documents/doc%2F0000"
                await client.until(first, lambda body: body["document_id"] == "doc/0000")
                seen.set()
            yield lines(document(number, payload={"filler": filler}), b"")

    headers = {**client.headers, **NDJSON}
    url = f"{client.url}{space}/documents"
    async with client.session.post(url, data=sent(), headers=headers) as reply:
        assert (await reply.json())["accepted"] == 300
    assert seen.is_set()


async def test_objects_are_those_of_their_bucket(client: Client, space: str):
    await put(client, space.rpartition("/")[2], "buckets/other")
    path = f"{space}/buckets/inbox/objects"
    objects = [{"object_id": f"o{number}", "payload": {"n": number}} for number in range(3)]
    taken = await upload(client, path, *objects, {"object": 1})
    assert (taken.json["accepted"], taken.json["errors"][0]["line"]) == (3, 4)
    page = (await client.get(f"{path}?limit=2")).json
    assert [each["object_id"] for each in page["data"]] == ["o0", "o1"]
    rest = (await client.get(f"{path}?limit=2&after={page['next']}")).json
    assert rest == {
        "data": [{"object_id": "o2", "bucket_id": "inbox", "payload": {"n": 2}}],
        "next": None,
    }
    assert (await client.get(f"{path}/o1")).json["payload"] == {"n": 1}
    elsewhere = await client.get(f"{space}/buckets/other/objects/o1")
    assert elsewhere.json["error"]["code"] == "object_not_found"
    assert (await client.get(f"{space}/buckets/other/objects")).json["data"] == []
    missing = await upload(client, f"{space}/buckets/none/objects", objects[0])
    assert missing.json["error"]["code"] == "bucket_not_found"


async def test_a_retriever_finds_the_nearest_that_fit(client: Client, space: str):
    await upload(client, f"{space}/documents", *(document(number) for number in range(20)))
    execute = f"{space}/retrievers/near/execute"
    ask = {"inputs": {"vector": [1.0, 0.1, 0.0]}}
    found = await client.post(execute, ask)
    assert found.status == 200, found.text
    ids = [each["document_id"] for each in found.json["results"]]
    assert ids[0] == "doc/0010"
    assert set(ids[1:]) == {"doc/0009", "doc/0011"}
    scores = [each["score"] for each in found.json["results"]]
    assert scores == sorted(scores, reverse=True)
    odd = await client.post(execute, {**ask, "filters": {"odd": False}, "limit": 1, "exact": True})
    assert [each["payload"]["number"] for each in odd.json["results"]] == [10]
    listed = [{"field": "number", "operator": "lt", "value": 9}]
    below = await client.post(execute, {**ask, "filters": listed, "exact": True})
    assert [each["payload"]["number"] for each in below.json["results"]] == [8, 7, 6]
    wrong = await client.post(execute, {**ask, "filters": [{"field": "n", "operator": "like"}]})
    assert types_of(wrong) == ["filter_not_understood"]
    staged = [
        {"type": "feature_search", "config": {"feature_uri": WORDS, "vector": "{{INPUT.at}}"}},
        {
            "type": "filter",
            "config": {"filters": [{"field": "number", "operator": "gt", "value": 8}]},
        },
        {"type": "limit", "config": {"limit": 2}},
    ]
    await put(client, space.rpartition("/")[2], "retrievers/staged", stages=staged)
    narrowed = await client.post(
        f"{space}/retrievers/staged/execute", {"inputs": {"at": [1.0, 0.1, 0.0]}}
    )
    assert len(narrowed.json["results"]) == 2
    assert all(each["payload"]["number"] > 8 for each in narrowed.json["results"])


@pytest.mark.parametrize(
    ("config", "asked", "status", "code"),
    [
        ({"feature_uri": "sterna://words@v2/embedding"}, {"vector": [1, 2, 3]}, 409, "feature_not_held"),
        ({"feature_uri": "mixpeek://words@v1/embedding"}, {"vector": [1, 2]}, 400, "wrong_dimensions"),
        ({"feature_uri": WORDS}, {"query": "a text"}, 409, "extractor_not_installed"),
        ({"feature_uri": WORDS}, {}, 400, "query_invalid"),
        ({"feature_uri": WORDS, "limit": 0}, {"vector": [1, 2, 3]}, 409, "stage_not_supported"),
        ({"feature_uri": WORDS, "filters": [1]}, {"vector": [1, 2, 3]}, 409, "filter_not_understood"),
    ],
)  # fmt: skip
async def test_what_a_retriever_cannot_do_is_refused(
    client: Client, space: str, config: dict[str, Any], asked: Any, status: int, code: str
):
    await upload(client, f"{space}/documents", document(1))
    stages = [{"stage_type": "feature_search", "config": config}]
    one = space.rpartition("/")[2]
    kept = await put(client, one, "retrievers/odd", stages=stages)
    if code == "feature_not_held":
        assert kept.status == 409
        assert kept.json["error"]["code"] == code
        return
    reply = await client.post(f"{space}/retrievers/odd/execute", {"inputs": asked})
    assert reply.status == status, reply.text
    assert reply.json["error"]["code"] == code
    missing = await client.post(f"{space}/retrievers/none/execute", {"inputs": asked})
    assert missing.json["error"]["code"] == "retriever_not_found"


async def test_texts_are_embedded_by_the_extractor_that_is_installed(client: Client):
    hashing = [{"feature_extractor_name": "hashing", "parameters": {"dimension": 64}}]
    one = await made(client, feature_extractors=hashing)
    (uri,) = one["feature_uris"]
    assert uri == "sterna://hashing@v1/embedding"
    assert one["feature_extractors"][0]["version"] == "v1"
    mapped = {"feature_extractor": {"input_mappings": {"text": "about.title"}}}
    await put(client, one["id"], "collections/items", **mapped)
    search = {"stage_type": "feature_search", "config": {"feature_uri": uri, "limit": 1}}
    await put(client, one["id"], "retrievers/near", stages=[search])
    path = f"/v1/namespaces/{one['id']}"
    titles = {"a": "a copper kettle", "b": "a wooden chair", "c": "", "d": None}
    taken = await upload(
        client,
        f"{path}/documents",
        *(
            {"document_id": key, "collection_id": "items", "payload": {"about": {"title": title}}}
            for key, title in titles.items()
        ),
    )
    assert taken.status == 200, taken.text
    assert [(each["line"], each["type"]) for each in taken.json["errors"]] == [(3, "text_empty")]
    shown = await client.get(f"{path}/documents/a")
    assert len(shown.json["vectors"][uri]) == 64
    assert (await client.get(f"{path}/documents/d")).json["vectors"] == {}
    asked = {"inputs": {"query": "wooden chairs and a chair"}}
    found = await client.post(f"{path}/retrievers/near/execute", asked)
    assert [each["document_id"] for each in found.json["results"]] == ["b"]
    nothing = await client.post(f"{path}/retrievers/near/execute", {"inputs": {"query": " "}})
    assert nothing.json["error"]["code"] == "query_invalid"


async def test_no_text_is_taken_without_its_vector_where_its_extractor_cannot_be_opened(
    client: Client,
):
    service = {
        "feature_extractor_name": "openai_compatible",
        "version": "v1",
        "parameters": {"model": "of-a-test", "dimension": 3},
        "outputs": [{"name": "embedding", "dimensions": 3}],
    }
    one = await made(client, feature_extractors=[service])
    (uri,) = one["feature_uris"]
    await put(client, one["id"], "collections/items")
    search = {"stage_type": "feature_search", "config": {"feature_uri": uri, "limit": 3}}
    await put(client, one["id"], "retrievers/near", stages=[search])
    path = f"/v1/namespaces/{one['id']}"
    plain = {"document_id": "a", "collection_id": "items", "payload": {"text": "a kettle"}}
    refused = await upload(client, f"{path}/documents", plain)
    assert refused.status == 409, refused.text
    assert refused.json["error"]["code"] == "extractor_unusable"
    assert "STERNA_EMBEDDING_URL" in refused.json["error"]["message"]
    assert (await client.get(f"{path}/documents")).json["data"] == []
    brought = {**plain, "vectors": {uri: [1, 0, 0]}}
    taken = await upload(
        client, f"{path}/documents", brought, {**plain, "document_id": "b", "payload": {}}
    )
    assert (taken.status, taken.json["accepted"]) == (200, 2), taken.text
    found = await client.post(f"{path}/retrievers/near/execute", {"inputs": {"vector": [1, 0, 0]}})
    assert [each["document_id"] for each in found.json["results"]] == ["a"]
    asked = await client.post(f"{path}/retrievers/near/execute", {"inputs": {"query": "kettles"}})
    assert (asked.status, asked.json["error"]["code"]) == (409, "extractor_not_installed")


@pytest.mark.parametrize(
    ("extractor", "problem"),
    [
        ({"version": "v9"}, "extractor_not_found"),
        ({"parameters": {"dimension": 1}}, "extractor_parameters_invalid"),
        ({"outputs": [{"name": "embedding", "dimensions": 7}]}, "extractor_outputs"),
    ],
)
async def test_an_extractor_is_taken_for_what_it_is(
    client: Client, extractor: dict[str, Any], problem: str
):
    body = {
        "name": name(),
        "feature_extractors": [{"feature_extractor_name": "hashing", **extractor}],
    }
    assert types_of(await client.post("/v1/namespaces", body)) == [problem]


async def test_a_deleted_namespace_leaves_no_document(client: Client):
    first = await made(client)
    await put(client, first["id"], "collections/items")
    await upload(client, f"/v1/namespaces/{first['id']}/documents", document(1))
    assert (await client.delete(f"/v1/namespaces/{first['id']}")).status == 200
    assert (await client.get(f"/v1/namespaces/{first['id']}/documents")).status == 404


async def test_what_is_uploaded_while_a_namespace_is_deleted_goes_with_it(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
):
    one = (await made(client))["id"]
    await put(client, one, "collections/items")
    forget_files = service.artifacts.delete

    async def uploading(namespace_id: str) -> int:
        """Let an upload come between the removal of documents and that of the namespace."""
        late = await upload(client, f"/v1/namespaces/{one}/documents", document(1))
        assert late.status == 200, late.text
        return await forget_files(namespace_id)

    monkeypatch.setattr(service.artifacts, "delete", uploading)
    assert (await client.delete(f"/v1/namespaces/{one}")).status == 200
    async with service.stores.store(StorePlace()) as store:
        assert one not in await store.names()


async def test_a_table_is_adopted_as_a_namespace_that_is_only_read(
    client: Client, source_database: str
):
    connection = await asyncpg.connect(source_database)
    try:
        await connection.execute("""
            create extension if not exists vector;
            create table goods (id text primary key, title text, v vector(3));
            insert into goods values ('g1', 'a kettle', '[1,0,0]'), ('g2', 'a chair', '[0,1,0]');
        """)
    finally:
        await connection.close()
    parts = urlsplit(source_database)
    config = {
        "host": parts.hostname,
        "port": parts.port,
        "database": parts.path[1:],
        "username": parts.username,
        "password": parts.password or "",
    }
    body = {"name": "goods", "type": "pgvector", "config": config}
    kept = await client.post("/v1/connections", body)
    assert kept.status == 201, kept.text
    store = {"type": "pgvector", "connection_id": kept.json["id"]}
    adopt = {"source": "public.goods", "columns": {WORDS: "v"}, "collection_id": "goods"}
    one = await made(client, store=store, adopt=adopt)
    path = f"/v1/namespaces/{one['id']}"
    page = (await client.get(f"{path}/documents?include_vectors=true")).json
    assert [each["document_id"] for each in page["data"]] == ["g1", "g2"]
    assert page["data"][0]["payload"] == {"title": "a kettle"}
    assert page["data"][0]["vectors"] == {WORDS: [1.0, 0.0, 0.0]}
    search = {"stage_type": "feature_search", "config": {"feature_uri": WORDS, "limit": 1}}
    await put(client, one["id"], "retrievers/near", stages=[search])
    await put(client, one["id"], "collections/goods")
    asked = {"inputs": {"vector": [0, 1, 0.1]}}
    found = await client.post(f"{path}/retrievers/near/execute", asked)
    assert [each["document_id"] for each in found.json["results"]] == ["g2"]
    line = {"document_id": "g3", "collection_id": "goods"}
    written = await upload(client, f"{path}/documents", line)
    assert written.status == 409
    assert written.json["error"]["code"] == "adopted_space"
    other = {"name": name(), "feature_extractors": [WORDS_EXTRACTOR], "store": store}
    unlike = await client.post(
        "/v1/namespaces", {**other, "adopt": {**adopt, "columns": {"x": "v"}}}
    )
    assert types_of(unlike) == ["columns_unlike"]
    gone = await client.post(
        "/v1/namespaces", {**other, "adopt": {**adopt, "source": "public.none"}}
    )
    assert gone.status in {404, 409}
    assert (await client.delete(path)).status == 200
    connection = await asyncpg.connect(source_database)
    try:
        assert await connection.fetchval("select count(*) from goods") == 2
    finally:
        await connection.close()


async def test_a_store_that_is_away_is_told_and_its_namespace_can_be_forgotten(client: Client):
    connection = await client.post("/v1/connections", connection_body("away", type="qdrant"))
    store = {"type": "qdrant", "connection_id": connection.json["id"]}
    path = f"/v1/namespaces/{(await made(client, store=store))['id']}"
    await put(client, path.rpartition("/")[2], "collections/items")
    for reply in (
        await upload(client, f"{path}/documents", document(1)),
        await client.get(f"{path}/documents"),
        await client.delete(path),
    ):
        assert reply.status == 503, reply.text
        assert reply.json["error"]["code"] == "store_unreachable"
    assert types_of(await client.get(f"{path}/documents?after=eA==")) == ["position_invalid"]
    adopt = {"source": "x", "columns": {WORDS: "v"}}
    body = {"name": name(), "feature_extractors": [WORDS_EXTRACTOR], "store": store, "adopt": adopt}
    refused = await client.post("/v1/namespaces", body)
    assert refused.json["error"]["code"] == "store_unreachable"
    assert (await client.delete(f"{path}?keep_documents=true")).status == 200


async def test_namespaces_are_the_same_after_the_projections_are_built_anew(
    client: Client, service: Service
):
    one = await made(client)
    path = f"/v1/namespaces/{one['id']}"
    await put(client, one["id"], "buckets/inbox", note=[1, {"a": None}])
    await put(client, one["id"], "collections/items", source={"bucket_ids": ["inbox"]})
    await client.delete(f"{path}/collections/items")
    alias = f"/v1/namespaces/aliases/{name('alias')}"
    await client.send("PUT", alias, {"namespace_id": one["id"]})
    paths = [path, f"{path}/buckets", f"{path}/collections", alias]
    before = [(await client.get(each)).json for each in paths]
    await service.rebuild()
    assert [(await client.get(each)).json for each in paths] == before
