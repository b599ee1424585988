"""All that a namespace holds, read by SQL and REST, in a form in which two can be compared."""

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
import msgspec
import pyarrow.parquet as pq

from sterna_cli.client.session import decoder
from sterna_cli.client.sterna import Sterna

KINDS = ("buckets", "collections", "taxonomies", "clusters", "retrievers")
_MADE_ID = re.compile(r"[a-z]+_[0-9a-f]{32}")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_TABLES = {
    "documents": "select document_id, collection_id, payload::text from {schema}.documents",
    "objects": "select document_id, collection_id, payload::text from {schema}.objects",
    "vectors": "select document_id, feature::text, v::text from {schema}.vectors",
    "receipts": "select name, body::text from {schema}.receipts",
}
_FILES = """
    select a.cluster_id, a.name, string_agg(p.content, ''::bytea order by p.number) as content
    from sterna_artifacts.artifacts as a join sterna_artifacts.pieces as p using (artifact_id)
    where a.is_whole and a.namespace_id = $1
    group by a.artifact_id, a.cluster_id, a.name
"""
_DEFINITIONS = decoder(dict[str, Any])

Content = dict[str, list[tuple[str, ...]]]
"""Rows by what they are rows of, sorted; ids that a migration made are said as those they were."""


async def read_content(
    sterna: Sterna, database: str, namespace_id: str, migration_id: str = "no migration"
) -> Content:
    """Read everything that a namespace holds; `migration_id` is what has made it."""
    found = await _rows(database, namespace_id)
    found["definitions"] = await _definitions(sterna, namespace_id)
    old_ids = {namespace_id: "this namespace", migration_id: "its migration"}
    for document_id, _, payload in found["documents"]:
        old_ids[document_id] = msgspec.json.decode(payload)["key"]
    for _, resource_id, definition in found["definitions"]:
        old_ids[resource_id] = msgspec.json.decode(definition)["label"]
    for name, asked in _records(found["objects"]):
        old_ids[name] = " ".join(old_ids.get(each, each) for each in asked)
    has_new_ids = any(document_id != old_ids[document_id] for document_id, *_ in found["documents"])

    def old(text: str) -> str:
        text = _MADE_ID.sub(lambda each: old_ids.get(each[0], each[0]), text)
        # A digest of a file with other ids in it says nothing; its rows are compared.
        return _DIGEST.sub("a digest", text) if has_new_ids else text

    return {name: sorted(tuple(map(old, row)) for row in rows) for name, rows in found.items()}


def _records(objects: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the ids of what was asked, and of what came of it, with what is unique in them."""
    for _, place, payload in objects:
        record = msgspec.json.decode(payload)
        if place.startswith("_executions/"):
            yield record["execution_id"], (record["retriever_id"], record["inputs"]["query"])
        elif place.startswith("_interactions/"):
            yield record["interaction_id"], ("interaction", str(record["value"]))


async def _rows(database: str, namespace_id: str) -> Content:
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            schema = f'"namespace_{namespace_id}"'
            found = {
                name: [tuple(row) for row in await connection.fetch(query.format(schema=schema))]
                for name, query in _TABLES.items()
            }
            found["files"] = [
                line
                for row in await connection.fetch(_FILES, namespace_id)
                for line in _lines(*row)
            ]
            return found
    finally:
        await connection.close()


def _lines(cluster_id: str, name: str, content: bytes) -> list[tuple[str, ...]]:
    """Give the rows of a file of a cluster, with what they are made of."""
    table = pq.read_table(io.BytesIO(content))
    encode = msgspec.json.Encoder(order="deterministic").encode
    rows = [(cluster_id, name, encode(row).decode()) for row in table.to_pylist()]
    return [(cluster_id, name, str(table.schema.remove_metadata())), *rows]


async def _definitions(sterna: Sterna, namespace_id: str) -> list[tuple[str, ...]]:
    found = []
    for kind in KINDS:
        path = f"/v1/namespaces/{namespace_id}/{kind}"
        page = await sterna.session.get(path, _DEFINITIONS, {"limit": "100"})
        assert page["pagination"]["total"] == len(page["data"]), page["pagination"]
        for each in page["data"]:
            definition = msgspec.json.encode(each["definition"], order="deterministic").decode()
            found.append((kind, str(each["id"]), definition))
    return found


def difference(expected: Content, found: Content) -> str | None:
    """Say in which rows two contents differ; None where they are the same, byte for byte."""
    for name in sorted(expected.keys() | found.keys()):
        wanted, there = expected.get(name, []), found.get(name, [])
        if wanted != there:
            missing, other = set(wanted) - set(there), set(there) - set(wanted)
            example = " | ".join(str(min(each))[:600] for each in (missing, other) if each)
            return (
                f"{name}: {len(wanted)} rows expected, {len(there)} found, {len(missing)} missing,"
                f" {len(other)} others, {len(there) - len(set(there))} twice; {example}"
            )
    return None
