"""Definitions of words, extracted anew: the gate lets a better extractor pass and refuses a worse."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.namespaces.test_copy import ALL, executing, upload
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.service import Service

from sterna_cli.demo.glosses import Corpus, read_corpus

DOCUMENTS = 300
QUERIES = 30
PATIENCE_SECONDS = 90.0


@pytest.fixture(scope="module")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """A service whose executors are real."""
    url = await postgres_server.create_database()
    async with Service(url, execute=False) as running:
        yield running


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Give a part of the corpus, with what its queries want."""
    return read_corpus().part(documents=DOCUMENTS, queries=QUERIES)


def judged(corpus: Corpus) -> list[dict[str, Any]]:
    return [
        {
            "query_id": each.id,
            "query_input": each.text,
            "relevant_documents": list(each.relevant),
            "relevance_scores": each.relevant,
        }
        for each in corpus.queries
    ]


async def filled(client: Client, extractor: str, corpus: Corpus) -> str:
    """Make a namespace of definitions with a retriever, its vectors made by the service."""
    body = {
        "name": f"glosses_{uuid4().hex[:12]}",
        "feature_extractors": [{"feature_extractor_name": extractor}],
    }
    made = await client.post("/v1/namespaces", body)
    assert made.status == 201, made.text
    name: str = made.json["id"]
    search = {"feature_uri": f"sterna://{extractor}@v1/embedding", "query": "{{INPUT.query}}"}
    definitions: dict[str, dict[str, Any]] = {
        "buckets/bkt_1": {},
        "collections/col_1": {"source": {"type": "bucket", "bucket_ids": ["bkt_1"]}},
        "retrievers/ret_1": {
            "collection_ids": ["col_1"],
            "stages": [{"stage_type": "feature_search", "config": search}],
        },
    }
    for path, definition in definitions.items():
        one = f"/v1/namespaces/{name}/{path}"
        reply = await client.send("PUT", one, {"definition": definition})
        assert reply.status in {200, 201}, reply.text
    documents = [
        {"document_id": each.id, "collection_id": "col_1", "payload": {"text": each.text}}
        for each in corpus.documents
    ]
    await upload(client, f"/v1/namespaces/{name}/documents", documents)
    return name


@pytest.fixture(scope="module")
async def better(service: Service, corpus: Corpus) -> str:
    """Make a namespace whose vectors know more than those of `hashing`."""
    return await filled(service.client(), "wordllama", corpus)


async def ended(client: Client, migration_id: str) -> Any:
    """Wait until a migration is completed, or has failed."""
    one = f"{ALL}/{migration_id}"
    task_id = (await client.get(one)).json["task_id"]
    await client.until(
        f"/v1/tasks/{task_id}",
        lambda body: body["status"] in {"COMPLETED", "FAILED"},
        patience_seconds=PATIENCE_SECONDS,
    )
    return (await client.get(one)).json


async def migrated(client: Client, source: str, extractor: str, **options: Any) -> Any:
    """Extract a namespace anew, as far as it goes."""
    config = {
        "migration_type": "re_extract",
        "source_namespace_id": source,
        "feature_extractors": [{"feature_extractor_name": extractor}],
        "benchmark_options": options,
    }
    made = await client.post(f"{ALL}/", {"config": config})
    assert made.status == 201, made.text
    assert made.json["validation_result"]["valid"], made.text
    migration_id: str = made.json["migration_id"]
    begun = await client.post(f"{ALL}/{migration_id}/start", {"force": True})
    assert begun.status == 200, begun.text
    return await ended(client, migration_id)


async def test_a_better_extractor_passes_by_given_queries_and_the_report_says_by_how_much(
    service: Service, corpus: Corpus
) -> None:
    client = service.client()
    source = await filled(client, "hashing", corpus)
    async with executing(service):
        done = await migrated(client, source, "wordllama", gate="fail", queries=judged(corpus))
    assert done["status"] == "completed", done["error_message"]
    assert len(done["config"]["benchmark_options"]["queries"]) == QUERIES
    report = done["additional_data"]["benchmark"]["ret_1"]
    assert (report["mode"], report["verdict"], report["gate"]) == ("given", "passed", "fail")
    assert (report["queries"], report["left_out"]) == (QUERIES, 0)
    before, after = report["before"]["metrics"], report["after"]["metrics"]
    assert before["ndcg@10"] + 0.05 < after["ndcg@10"]
    assert before["recall@10"] < after["recall@10"]
    difference = report["difference"]
    assert 0.0 < difference["lower"] < difference["mean"] < difference["upper"]
    assert difference["mean"] == pytest.approx(after["ndcg@10"] - before["ndcg@10"])
    assert done["additional_data"]["warnings"] == []
    listed = await client.post(f"{ALL}/list", {"source_namespace_id": source})
    assert listed.json["results"][0]["config"]["benchmark_options"]["queries"] == []


async def test_a_worse_extractor_is_refused_until_somebody_answers_for_it(
    service: Service, corpus: Corpus, better: str
) -> None:
    client = service.client()
    alias = f"live_{uuid4().hex[:8]}"
    await client.send("PUT", f"/v1/namespaces/aliases/{alias}", {"namespace_id": better})
    async with executing(service):
        refused = await migrated(client, better, "hashing", gate="fail", queries=judged(corpus))
        assert refused["status"] == "failed"
        assert refused["additional_data"]["error_code"] == "benchmark_failed"
        report = refused["additional_data"]["benchmark"]["ret_1"]
        assert (report["verdict"], len(report["worst"])) == ("failed", 10)
        assert report["difference"]["upper"] < 0.0
        led = (await client.get(f"/v1/namespaces/aliases/{alias}")).json
        assert led["namespace_id"] == better

        one = f"{ALL}/{refused['migration_id']}"
        assert (await client.post(f"{one}/resume")).status == 200
        again = await ended(client, refused["migration_id"])
        assert again["status"] == "failed"
        accepted = await client.post(f"{one}/resume", {"accept_benchmark": True})
        assert accepted.status == 200, accepted.text
        done = await ended(client, refused["migration_id"])
    assert done["status"] == "completed", done["error_message"]
    kept = done["additional_data"]["benchmark"]["ret_1"]
    assert kept["accepted_by"]
    assert kept["difference"] == report["difference"]
    await service.caught_up()
    led = (await client.get(f"/v1/namespaces/aliases/{alias}")).json
    assert led["previous_namespace_id"] == better


async def test_a_worse_extractor_is_warned_of_or_only_reported_where_that_is_the_gate(
    service: Service, corpus: Corpus, better: str
) -> None:
    client = service.client()
    async with executing(service):
        warned = await migrated(client, better, "hashing", queries=judged(corpus))
        told = await migrated(client, better, "hashing", gate="report", queries=judged(corpus))
    assert (warned["status"], told["status"]) == ("completed", "completed")
    (warning,) = warned["additional_data"]["warnings"]
    assert warning["type"] == "benchmark_failed"
    assert warning["loc"] == ["retriever", "ret_1"]
    assert "nDCG@10 of 30 queries changes by -" in warning["msg"]
    assert told["additional_data"]["warnings"] == []
    assert told["additional_data"]["benchmark"]["ret_1"]["verdict"] == "failed"


async def test_a_copy_is_asked_for_known_items_and_finds_what_its_source_does(
    service: Service, better: str
) -> None:
    client = service.client()
    config = {"migration_type": "copy", "source_namespace_id": better}
    async with executing(service):
        made = await client.post(f"{ALL}/", {"config": config, "start_immediately": True})
        done = await ended(client, made.json["migration_id"])
    assert done["status"] == "completed", done["error_message"]
    assert "benchmark_options" not in done["config"]
    report = done["additional_data"]["benchmark"]["ret_1"]
    assert (report["mode"], report["verdict"], report["queries"]) == ("known_item", "passed", 100)
    assert report["searches"] == report["alike"] == 20
    assert report["before"]["metrics"] == report["after"]["metrics"]
    assert report["after"]["metrics"]["mrr"] > 0.5
    difference = report["difference"]
    assert (difference["lower"], difference["upper"]) == (0.0, 0.0)
