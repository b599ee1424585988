"""What is there already is a space without being copied, and is never written."""

import asyncpg
import pytest

from sterna_core.namespace_store.adoption import AdoptedFeature, Adoption
from sterna_core.namespace_store.condition import Condition
from sterna_core.namespace_store.contract.samples import refused
from sterna_core.namespace_store.copying import copy_documents
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.postgres.store import PostgresNamespaceStore
from sterna_core.namespace_store.query import Query
from sterna_core.namespace_store.span import PageLimit, Span
from sterna_core.namespace_store.store import Space
from sterna_core.namespace_store.vector import Vector

TEXTS = Feature("sterna://texts@v1/embedding", 3)
IMAGES = Feature("sterna://images@v1/embedding", 2, "euclid")
ADOPTION = Adoption(
    source='public.Odd "x" items',
    features=(AdoptedFeature(TEXTS, "em bed"), AdoptedFeature(IMAGES, "image")),
    collection_column="kind",
)
TABLE = """
create extension vector;
create table "Odd ""x"" items" (
    id bigint primary key, kind text not null, title text, price numeric,
    "em bed" vector(3), image halfvec(2), plain vector
);
insert into "Odd ""x"" items"
select n, 'kind ' || n % 2, 'title ' || n, n / 4.0,
    case when n <> 7 then array[n, 1, 0]::vector end, array[n, n]::halfvec, '[1]'
from generate_series(-2, 20) as n
"""


@pytest.fixture
async def adopted(pgvector: PostgresNamespaceStore, target_database: str) -> Space:
    connection = await asyncpg.connect(target_database)
    await connection.execute(TABLE)
    await connection.close()
    await pgvector.adopt("theirs", ADOPTION)
    return await pgvector.open("theirs")


def row(number: int) -> Document:
    vectors = {IMAGES.uri: Vector.of((number, number))}
    if number != 7:
        vectors[TEXTS.uri] = Vector.of((number, 1, 0))
    price = number / 4
    payload = {"title": f"title {number}", "price": price, "plain": "[1]"}
    return Document(
        str(number), f"kind {int(abs(number) % 2 * (1 if number > 0 else -1))}", payload, vectors
    )


async def test_the_rows_of_a_table_are_its_documents_in_the_order_of_its_key(adopted: Space):
    page = await adopted.documents.scan(limit=PageLimit(rows=9))
    assert [each.document_id for each in page.documents] == [str(n) for n in range(-2, 7)]
    rest = await adopted.documents.scan(Span(after=page.last))
    assert [each.document_id for each in rest.documents] == [str(n) for n in range(7, 21)]
    assert rest.last is None
    some = await adopted.documents.get(["7", "x", "-2", "999999999999999999999", "007"])
    assert some == (row(7), row(-2))
    assert await adopted.documents.count(Span("kind 1", upto="10")) == 5
    assert await adopted.documents.boundaries(10) == ("7", "17", "20")


async def test_a_table_is_searched_in_the_type_of_its_column(adopted: Space):
    found = await adopted.vectors.search(
        Query(feature_uri=IMAGES.uri, vector=Vector.of((4, 4)), limit=3)
    )
    assert found[0].document.document_id == "4"
    assert found[0].score == 0
    with refused("number_too_large"):
        await adopted.vectors.search(Query(feature_uri=IMAGES.uri, vector=Vector.of((4, 65_536))))
    found = await adopted.vectors.search(
        Query(
            feature_uri=TEXTS.uri,
            vector=Vector.of((1, 0, 0)),
            collection_ids=("kind 0",),
            conditions=(Condition("price", "lt", 4),),
            exact=True,
            limit=2,
        )
    )
    assert [each.document.document_id for each in found] == ["14", "12"]


@pytest.mark.parametrize("indexed", [True, False])
async def test_of_rows_that_are_as_near_the_first_by_their_ids_are_found(
    adopted: Space, target_database: str, indexed: bool
):
    connection = await asyncpg.connect(target_database)
    await connection.execute(
        'insert into "Odd ""x"" items" (id, kind, "em bed")'
        " select n, 'same', '[0,0,1]' from generate_series(2000, 100, -1) as n"
    )
    if indexed:
        await connection.execute(
            'create index on "Odd ""x"" items" using hnsw ("em bed" vector_cosine_ops)'
        )
    await connection.close()
    found = await adopted.vectors.search(
        Query(feature_uri=TEXTS.uri, vector=Vector.of((0, 0, 2)), limit=5, exact=not indexed)
    )
    ids = [each.document.document_id for each in found]
    if indexed:  # an index may miss some of those that are the same
        assert ids == sorted(ids)
    else:
        assert ids == ["100", "1000", "1001", "1002", "1003"]


async def test_rows_without_an_object_or_a_collection_are_documents_too(
    adopted: Space, pgvector: PostgresNamespaceStore, target_database: str
):
    connection = await asyncpg.connect(target_database)
    await connection.execute(
        "create table notes (id int primary key, body jsonb, kind text, v vector(3));"
        "insert into notes select n, (array['[1,2]', '7', 'null', null, '{\"a\": 1}'])[n]::jsonb,"
        " case n when 5 then 'own' end, '[1,0,0]' from generate_series(1, 5) as n"
    )
    await connection.close()
    adoption = Adoption(
        source="public.notes",
        features=(AdoptedFeature(TEXTS, "v"),),
        payload_column="body",
        collection_column="kind",
        collection_id="loose",
    )
    space = await pgvector.adopt("notes", adoption)
    page = await space.documents.scan()
    payloads = [{"value": [1, 2]}, {"value": 7}, {"value": None}, {}, {"a": 1}]
    assert [each.payload for each in page.documents] == payloads
    assert [each.collection_id for each in page.documents] == [*["loose"] * 4, "own"]
    assert await space.documents.get([each.document_id for each in page.documents]) == (
        page.documents
    )
    assert await space.documents.count(Span("loose")) == 4
    found = await space.vectors.search(
        Query(
            feature_uri=TEXTS.uri,
            vector=Vector.of((1, 0, 0)),
            collection_ids=("loose",),
            conditions=(Condition("value", "eq", 7),),
        )
    )
    assert [(each.document.document_id, each.document.collection_id) for each in found] == [
        ("2", "loose")
    ]
    ours = await pgvector.create("ours", space.features)
    await copy_documents(space.documents, ours.documents)
    assert await ours.documents.content_sum() == await space.documents.content_sum()


@pytest.mark.usefixtures("impatient_indexes")
async def test_rows_that_fit_a_filter_are_found_where_the_index_gives_up(
    adopted: Space, target_database: str
):
    connection = await asyncpg.connect(target_database)
    await connection.execute(
        'insert into "Odd ""x"" items" (id, kind, image)'
        " select n, 'many', array[n, n]::halfvec from generate_series(100, 700) as n;"
        'create index on "Odd ""x"" items" using hnsw (image halfvec_l2_ops);'
        'analyze "Odd ""x"" items"'
    )
    await connection.close()
    query = Query(
        feature_uri=IMAGES.uri,
        vector=Vector.of((700, 700)),
        conditions=(Condition("title", "eq", "title 20"),),
    )
    found = await adopted.vectors.search(query)
    assert [each.document.document_id for each in found] == ["20"]


async def test_an_adopted_table_can_be_copied_and_is_never_written(
    adopted: Space, pgvector: PostgresNamespaceStore
):
    ours = await pgvector.create("ours", adopted.features)
    await copy_documents(adopted.documents, ours.documents, limit=PageLimit(rows=4))
    assert await ours.documents.content_sum() == await adopted.documents.content_sum()
    assert await ours.documents.count() == 23
    assert adopted.adopted
    with refused("adopted_space"):
        await adopted.documents.upsert([row(1)])
    with refused("adopted_space"):
        await adopted.documents.delete(["1"])
    with refused("adopted_space"):
        await adopted.vectors.build_index(TEXTS.uri)
    await pgvector.switch("live", "theirs")
    with refused("alias_held"):
        await pgvector.drop("theirs")
    await pgvector.release("live")
    assert await pgvector.drop("theirs")
    assert (await pgvector.adopt("again", ADOPTION)).name == "again"


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "public.nothing", "code": "nothing_to_adopt"},
        {"id_column": "title"},
        {"id_column": "nowhere"},
        {"payload_column": "title"},
        {"collection_column": "nowhere"},
        {"features": (AdoptedFeature(TEXTS, "image"),)},
        {"features": (AdoptedFeature(TEXTS, "plain"),)},
        {"features": (AdoptedFeature(TEXTS, "title"),)},
    ],
    ids=str,
)
async def test_what_cannot_be_read_as_documents_is_refused(
    wrong: dict[str, object], adopted: Space, pgvector: PostgresNamespaceStore
):
    code = str(wrong.get("code", "bad_adoption"))
    given = {name: value for name, value in wrong.items() if name != "code"}
    fields = {name: getattr(ADOPTION, name) for name in Adoption.__struct_fields__}
    with refused(code):
        await pgvector.adopt("wrong", Adoption(**(fields | given)))
    assert await pgvector.names() == (adopted.name,)
