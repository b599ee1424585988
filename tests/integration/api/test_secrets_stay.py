import logging
from io import StringIO

import asyncpg
import structlog
from tests.servers import PostgresTestServer
from tests.support.api.client import connection_body
from tests.support.api.service import Service

from sterna_core.logs import configure_logs

_PASSWORD = "canary-password-5f1e"
_SECRET = "whsec_Y2FuYXJ5LXdlYmhvb2stc2VjcmV0LWFiY2RlZg=="


async def test_no_secret_is_found_anywhere_after_it_was_used(postgres_server: PostgresTestServer):
    logs = StringIO()
    configure_logs(level="debug", json=True, stream=logs)
    url = await postgres_server.create_database()
    try:
        async with Service(url) as service:
            client = service.client()
            migration_id = await client.migration()
            await client.in_status(migration_id, "approved")
            await client.post(f"/v1/migrations/{migration_id}/start")
            await client.in_status(migration_id, "completed")
            connection_id = await client.connection()
            await client.post(f"/v1/connections/{connection_id}/test")
            made = await client.post(
                "/v1/webhooks", {"url": "https://example.com", "events": ["*"], "secret": _SECRET}
            )
            key = (await client.post("/v1/api-keys", {"name": "robot"})).json["key"]
            shown = list(client.seen)
            client.seen.clear()
            await client.get(f"/v1/webhooks/{made.json['id']}?min_position={made.position}")
            for path in ("webhooks", "api-keys", "connections", "migrations"):
                await client.get(f"/v1/{path}")
            await client.get(f"/v1/migrations/{migration_id}/logs?limit=1000")
            await client.get(f"/v1/migrations/{migration_id}")
            # Wrong requests must not have what they brought thrown back at them, or logged.
            body = connection_body(port=_PASSWORD)
            body["config"]["passwort"] = _PASSWORD
            del body["config"]["password"]
            assert (await client.post("/v1/connections", body)).status == 422
            assert (await client.post("/v1/connections", raw=_PASSWORD.encode())).status == 422
            records = b"".join(
                part
                for topic in (
                    service.topics.commands,
                    service.topics.events,
                    service.topics.tasks,
                    service.topics.telemetry,
                )
                for partition in range(3)
                for record in service.log.records(topic, partition)
                for part in (record.value or b"", *(text for _, text in record.headers))
            )
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers.clear()
    dump = await _dump(url)
    for secret in (_PASSWORD, _SECRET, _SECRET.removeprefix("whsec_"), key):
        assert secret not in logs.getvalue()
        assert secret.encode() not in records
        assert secret not in dump
        assert secret not in "".join(client.seen)
    assert _PASSWORD not in "".join(shown)
    assert "v1.k1." not in "".join(shown + client.seen), "sealed text is not shown either"
    assert logs.getvalue()
    assert records


async def _dump(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema not in ('pg_catalog', 'information_schema')"
        )
        rows = []
        for table in tables:
            name = f'"{table["table_schema"]}"."{table["table_name"]}"'
            rows.extend(str(tuple(row)) for row in await connection.fetch(f"select * from {name}"))
    finally:
        await connection.close()
    assert rows
    return "\n".join(rows)
