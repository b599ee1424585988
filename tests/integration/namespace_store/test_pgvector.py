"""What PostgreSQL gives beyond the contract: transactions, indexes by feature, plain refusals."""

import asyncio

import asyncpg
import pytest
from msgspec import structs

from sterna_core.errors import SternaError, Unreachable
from sterna_core.namespace_store.condition import Condition
from sterna_core.namespace_store.contract.samples import IMAGES, WORDS, refused, sample
from sterna_core.namespace_store.copying import copy_documents
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.postgres.sessions import open_pool
from sterna_core.namespace_store.postgres.store import PostgresNamespaceStore
from sterna_core.namespace_store.query import Query
from sterna_core.namespace_store.receipt import Receipt
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.vector import Vector


async def test_of_several_that_do_the_same_work_at_once_one_does_it(
    pgvector: PostgresNamespaceStore,
):
    space = await pgvector.create("s", [WORDS, IMAGES])
    documents = [sample(each) for each in range(50)]
    done = await asyncio.gather(
        *(space.documents.upsert(documents, Receipt("batch")) for _ in range(4))
    )
    assert sorted(done) == [False, False, False, True]
    assert await space.documents.count() == 50


async def test_a_call_that_ends_half_way_leaves_neither_documents_nor_its_receipt(
    pgvector: PostgresNamespaceStore, target_database: str
):
    space = await pgvector.create("s", [WORDS, IMAGES])
    other = await asyncpg.connect(target_database)
    async with other.transaction():
        await other.execute("lock table namespace_s.vectors in access exclusive mode")
        writing = asyncio.create_task(space.documents.upsert([sample(1)], Receipt("batch")))
        async with asyncio.timeout(20):
            while not await other.fetchval(  # ruff: ignore[async-busy-wait]  # PostgreSQL has no event for it
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where wait_event_type = 'Lock' and datname = current_database()"
            ):
                await asyncio.sleep(0)
        with pytest.raises(Unreachable):
            await writing
    await other.close()
    assert await space.documents.count() == 0
    assert await space.receipts.receipt("batch") is None
    assert await space.documents.upsert([sample(1)], Receipt("batch"))


async def test_each_feature_has_an_index_of_its_own_as_large_as_it_can_be(
    pgvector: PostgresNamespaceStore, target_database: str
):
    sizes = {2000: True, 2001: True, 4000: True, 4001: False}
    features = [Feature(f"sterna://size@v{n}/embedding", n) for n in sizes]
    space = await pgvector.create("s", features)
    documents = [
        Document(f"d{n}", "c", {}, {each.uri: _one_hot(each, n) for each in features})
        for n in range(8)
    ]
    await space.documents.upsert(documents)
    for feature in features:
        assert await space.vectors.build_index(feature.uri) == sizes[feature.dimensions]
        hits = await space.vectors.search(
            Query(feature_uri=feature.uri, vector=_one_hot(feature, 5), limit=1)
        )
        assert [each.document.document_id for each in hits] == ["d5"]
    connection = await asyncpg.connect(target_database)
    definitions = await connection.fetch(
        "select indexdef from pg_indexes where schemaname = 'namespace_s' and indexdef ~ 'hnsw'"
    )
    await connection.close()
    kinds = sorted("halfvec" in each["indexdef"] for each in definitions)
    assert kinds == [False, True, True]
    assert all("WHERE (feature = " in each["indexdef"] for each in definitions)


async def test_an_index_finds_as_many_as_asked_for_however_few_fit_the_filter(
    pgvector: PostgresNamespaceStore,
):
    space = await pgvector.create("s", [WORDS])
    documents = [
        Document(f"d{n}", "rare" if n % 100 == 0 else "c", {}, {WORDS.uri: Vector.of((1, n, 0, 1))})
        for n in range(2000)
    ]
    await space.documents.upsert(documents)
    await space.vectors.build_index(WORDS.uri)
    query = Query(
        feature_uri=WORDS.uri,
        vector=Vector.of((1, 0, 0, 1)),
        collection_ids=("rare",),
        limit=20,
    )
    assert len(await space.vectors.search(query)) == 20


@pytest.mark.usefixtures("impatient_indexes")
@pytest.mark.parametrize("dimensions", [4, 2001])
async def test_what_fits_a_filter_is_found_where_the_index_gives_up(
    pgvector: PostgresNamespaceStore, dimensions: int
):
    feature = Feature("sterna://size@v1/embedding", dimensions)
    space = await pgvector.create("s", [feature])
    documents = [
        Document(f"d{n:03}", "rare" if n > 690 else "c", {"n": n}, {feature.uri: _ray(feature, n)})
        for n in range(700)
    ]
    await space.documents.upsert(documents)
    await space.vectors.build_index(feature.uri)
    near = Query(feature_uri=feature.uri, vector=_ray(feature, 0), limit=5)
    for filtered in (
        structs.replace(near, collection_ids=("rare",)),
        structs.replace(near, conditions=(Condition("n", "gt", 690),)),
    ):
        hits = await space.vectors.search(filtered)
        found = [each.document.document_id for each in hits]
        assert found == ["d691", "d692", "d693", "d694", "d695"]
    assert len(await space.vectors.search(near)) == 5


@pytest.mark.parametrize("has_index", [False, True])
async def test_of_documents_that_are_as_near_the_first_by_their_ids_are_found(
    pgvector: PostgresNamespaceStore, has_index: bool
):
    space = await pgvector.create("s", [WORDS])
    same, near = Vector.of((1, 2, 3, 4)), Vector.of((1, 2, 3, 5))
    documents = [Document(f"d{n:03}", "c", {}, {WORDS.uri: same}) for n in range(60)]
    await space.documents.upsert([*reversed(documents), Document("z", "c", {}, {WORDS.uri: near})])
    if has_index:
        await space.vectors.build_index(WORDS.uri)
    hits = await space.vectors.search(Query(feature_uri=WORDS.uri, vector=near, limit=4))
    assert [each.document.document_id for each in hits] == ["z", "d000", "d001", "d002"]


async def test_a_copy_takes_pieces_at_once_and_is_done_again_without_harm(
    pgvector: PostgresNamespaceStore,
):
    source = await pgvector.create("one", [WORDS, IMAGES])
    target = await pgvector.create("two", [WORDS, IMAGES])
    await source.documents.upsert([sample(each) for each in range(300)])
    ends = await source.documents.boundaries(100)
    pieces = [Span(after=after, upto=end) for after, end in zip([None, *ends], ends, strict=False)]
    for _ in range(2):
        counts = await asyncio.gather(
            *(
                copy_documents(source.documents, target.documents, each, PageLimit(rows=30))
                for each in pieces
            )
        )
        assert counts == [100, 100, 100]
    assert await target.documents.content_sum() == await source.documents.content_sum()


async def test_a_server_that_is_not_there_is_worth_another_attempt():
    pool = await open_pool(1, host="127.0.0.1", port=1, user="nobody", database="nothing")
    with pytest.raises(SternaError) as error:
        await PostgresNamespaceStore(pool).names()
    await pool.close()
    assert isinstance(error.value, Unreachable)
    assert error.value.code == "store_unreachable"


async def test_a_space_that_was_dropped_meanwhile_is_gone(pgvector: PostgresNamespaceStore):
    space = await pgvector.create("s", [WORDS])
    await pgvector.drop("s")
    with refused("space_not_found"):
        await space.documents.scan()


def _ray(feature: Feature, number: int) -> Vector:
    return Vector.of([1, number / 1000, *[0] * (feature.dimensions - 2)])


def _one_hot(feature: Feature, place: int) -> Vector:
    return Vector.of(float(n == place) for n in range(feature.dimensions))
