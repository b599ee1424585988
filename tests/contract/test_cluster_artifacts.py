"""Files of clusters: uploaded in parquet, listed, fetched, and gone with what they belong to."""

import io
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.contract.test_namespaces import NOTHING, made, put, types_of
from tests.support.api.client import Client, Reply
from tests.support.api.service import ARTIFACT_MAX_MIB, Service

PARQUET = {"Content-Type": "application/vnd.apache.parquet"}


def parquet(*ids: str) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"document_id": ids, "label": [0] * len(ids)}), buffer)
    return buffer.getvalue()


@pytest.fixture
async def space(client: Client) -> str:
    """A namespace with a cluster."""
    one = (await made(client))["id"]
    await put(client, one, "buckets/inbox")
    await put(client, one, "collections/items", source={"bucket_ids": ["inbox"]})
    found = await put(client, one, "clusters/heaps", collection_ids=["items"])
    assert found.status == 200, found.text
    return str(one)


def path_of(space: str, name: str = "") -> str:
    return f"/v1/namespaces/{space}/clusters/heaps/artifacts{name and '/'}{name}"


async def send(client: Client, space: str, name: str, whole: bytes) -> Reply:
    return await client.send("PUT", path_of(space, name), raw=whole, headers=PARQUET)


async def fetch(client: Client, space: str, name: str) -> bytes:
    url = client.url + path_of(space, name)
    async with client.session.get(url, headers=client.headers) as response:
        assert response.status == 200
        assert response.content_type == PARQUET["Content-Type"]
        return await response.read()


async def test_a_file_comes_back_bit_for_bit_and_a_later_one_takes_its_place(
    client: Client, space: str
):
    assert (await client.get(path_of(space))).json == {"data": []}
    for whole in (parquet("doc_1"), parquet("doc_1", "doc_2")):
        kept = await send(client, space, "members.parquet", whole)
        assert kept.status == 200, kept.text
        shown = {
            "name": "members.parquet",
            "address": f"sterna-artifact://{space}/heaps/members.parquet",
            "bytes": len(whole),
            "sha256": sha256(whole).hexdigest(),
        }
        rows = pq.read_table(io.BytesIO(whole)).num_rows
        assert kept.json == {**shown, "rows": rows, "columns": ["document_id", "label"]}
        assert await fetch(client, space, "members.parquet") == whole
        assert (await client.get(path_of(space))).json == {"data": [shown]}
    gone = await client.delete(path_of(space, "members.parquet"))
    assert gone.json == {"id": "members.parquet", "deleted": True}
    again = await client.delete(path_of(space, "members.parquet"))
    assert (again.status, again.json["error"]["code"]) == (404, "artifact_not_found")


async def test_what_is_not_parquet_or_too_large_or_wrongly_named_is_refused(
    client: Client, space: str
):
    assert types_of(await send(client, space, "members.parquet", b"PAR1 no PAR1")) == [
        "not_parquet"
    ]
    assert types_of(await send(client, space, "members.csv", parquet("x"))) == ["artifact_name"]
    large = await send(client, space, "m.parquet", bytes(ARTIFACT_MAX_MIB * 1024 * 1024 + 1))
    assert (large.status, large.json["error"]["code"]) == (413, "artifact_too_large")
    headers = {"Content-Type": "text/plain"}
    other = await client.send("PUT", path_of(space, "m.parquet"), raw=parquet("x"), headers=headers)
    assert other.status == 415
    assert (await client.get(path_of(space))).json == {"data": []}


async def test_files_belong_to_a_cluster_that_is_there(client: Client, space: str):
    for path in (
        path_of(NOTHING, "m.parquet"),
        f"/v1/namespaces/{space}/clusters/none/artifacts/m.parquet",
        f"/v1/namespaces/{space}/clusters/items/artifacts/m.parquet",
    ):
        reply = await client.send("PUT", path, raw=parquet("x"), headers=PARQUET)
        assert reply.status == 404, reply.text
    assert (await client.get(path_of(space, "m.parquet"))).status == 404


async def test_files_go_with_their_cluster_and_with_their_namespace(
    client: Client, space: str, service: Service
):
    await send(client, space, "members.parquet", parquet("doc_1"))
    assert len(await service.artifacts.kept(space)) == 1
    assert (await client.delete(f"/v1/namespaces/{space}/clusters/heaps")).status == 200
    assert await service.artifacts.kept(space) == ()
    await put(client, space, "clusters/heaps", collection_ids=["items"])
    await send(client, space, "members.parquet", parquet("doc_1"))
    assert (await client.delete(f"/v1/namespaces/{space}")).status == 200
    assert await service.artifacts.kept(space) == ()


async def test_another_organisation_sees_no_file(client: Client, space: str, service: Service):
    await send(client, space, "members.parquet", parquet("doc_1"))
    other = await service.other_client("org_other")
    assert (await other.get(path_of(space, "members.parquet"))).status == 404
    assert (await other.delete(path_of(space, "members.parquet"))).status == 404
