"""No secret is found anywhere: planted everywhere, used, misused, and then searched for."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import asyncpg
import pytest
from tests.servers import PostgresTestServer
from tests.support.api.client import Client
from tests.support.api.executor_process import ExecutorServer
from tests.support.api.mail_server import MailServer, mail_server
from tests.support.api.process import ApiProcesses, ApiServer
from tests.support.api.receiver import Receiver, receiving
from tests.support.canaries import (
    Sightings,
    canary,
    database_contents,
    forms,
    kafka_contents,
    watching,
)

_OVER_SECONDS = 90.0
_PATIENCE = {"completed", "failed", "cancelled", "rolled_back"}


class Installation:
    """An API process and an executor, with a secret of its own in every setting that takes one."""

    def __init__(
        self,
        processes: ApiProcesses,
        secrets: dict[str, str],
        folder: Path,
        mail: MailServer,
        slack: Receiver,
    ) -> None:
        self.processes, self.secrets, self.folder = processes, secrets, folder
        self.mail, self.slack = mail, slack
        self.server: ApiServer | None = None
        self.executor: ExecutorServer | None = None

    async def start(self) -> Client:
        environment = self.processes.environment
        environment |= {
            "STERNA_LOG_LEVEL": "debug",
            "STERNA_SMTP_HOST": "127.0.0.1",
            "STERNA_SMTP_PORT": str(self.mail.port),
            "STERNA_SMTP_USERNAME": self.mail.username,
            "STERNA_SMTP_FROM": "sterna@example.com",
            "STERNA_SMTP_CA_FILE": str(self.folder / "ca.pem"),
            "STERNA_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "STERNA_WEBHOOK_ALLOW_HTTP": "true",
            "STERNA_WEBHOOK_DELAYS_SECONDS": "0,0.1,0.1",
        }
        given = {
            "STERNA_SMTP_PASSWORD": self.mail.password,
            "STERNA_SLACK_WEBHOOK_URL": f"{self.slack.url}/{self.secrets['slack path']}",
            "STERNA_KEYRING": environment.pop("STERNA_KEYRING"),
            "STERNA_KEY_PEPPER": self.secrets["pepper"],
            "STERNA_CERTIFICATE_KEY": self.secrets["certificate key"],
            "STERNA_BOOTSTRAP_KEY": environment.pop("STERNA_BOOTSTRAP_KEY"),
            "STERNA_DATABASE_URL": environment.pop("STERNA_DATABASE_URL"),
        }
        environment.pop("STERNA_KEY_PEPPER")
        # As containers are given them: the environment can be read by others.
        for name, secret in given.items():
            path = self.folder / name
            path.write_text(secret)
            environment[f"{name}_FILE"] = str(path)
        self.secrets |= {
            "keyring": given["STERNA_KEYRING"].partition(":")[2],
            "first key": given["STERNA_BOOTSTRAP_KEY"],
            "smtp password": self.mail.password,
        }
        self.server = await self.processes.start()
        self.executor = ExecutorServer(environment, self.folder)
        await self.executor.start()
        return self.server.client()

    def pids(self) -> tuple[int, int]:
        assert self.server is not None
        assert self.server.process is not None
        assert self.executor is not None
        assert self.executor.process is not None
        return self.server.process.pid, self.executor.process.pid


@pytest.fixture
async def installation(
    kafka_bootstrap: str, postgres_server: PostgresTestServer, tmp_path: Path
) -> AsyncIterator[Installation]:
    url = await postgres_server.create_database()
    signing = base64.b64encode(uuid4().bytes + uuid4().bytes).decode()
    secrets = {
        "pepper": canary("pepper"),
        "slack path": f"hook-{uuid4().hex}",
        "certificate key": signing,
    }
    processes = ApiProcesses(kafka_bootstrap, url, tmp_path)
    async with (
        receiving(f"/{secrets['slack path']}") as slack,
        mail_server(tmp_path, password=canary("smtp")) as mail,
    ):
        made = Installation(processes, secrets, tmp_path, mail, slack)
        try:
            yield made
        finally:
            if made.executor is not None:
                await made.executor.stop()
            await processes.close()


async def _role(url: str, name: str, password: str, rights: str) -> None:
    connection = await asyncpg.connect(url)
    quoted = password.replace("'", "''")
    try:
        await connection.execute(f"""create role "{name}" login password '{quoted}'""")
        await connection.execute(rights.format(role=name, database=urlsplit(url).path[1:]))
    finally:
        await connection.close()


async def _forget_role(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f'drop owned by "{name}" cascade; drop role "{name}"')
    finally:
        await connection.close()


async def _fill(url: str, row: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "create table people (id int primary key, note text);"
            "insert into people select n, 'nothing' from generate_series(1, 2000) n"
        )
        await connection.execute("update people set note = $1 where id % 100 = 0", row)
    finally:
        await connection.close()


def _connection(url: str, name: str, role: str, password: str, **config: Any) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "name": name,
        "type": "postgresql",
        "role": "both",
        "config": {
            "host": parts.hostname,
            "port": parts.port,
            "database": parts.path[1:],
            "username": role,
            "password": password,
            **config,
        },
    }


async def _made(client: Client, body: dict[str, Any]) -> str:
    reply = await client.post("/v1/connections", body)
    assert reply.status == 201, reply.text
    found: str = reply.json["id"]
    return found


async def _migrated(client: Client, source: str, target: str, *, start: bool) -> Any:
    body = {
        "name": "canaries",
        "source": {"connection_id": source},
        "target": {"connection_id": target},
        "notifications": {
            "email": ["team@example.com"],
            "slack_channel": "#ops",
            "on_events": ["created", "completed", "failed"],
        },
    }
    made = await client.post("/v1/migrations", body)
    assert made.status == 201, made.text
    one = f"/v1/migrations/{made.json['id']}"
    over = await _until(client, one, {"approved", "plan_ready", *_PATIENCE})
    if start and over["status"] in {"approved", "plan_ready"}:
        await client.post(f"{one}/start", {"skip_approval": True})
        over = await _until(client, one, _PATIENCE)
    return over


async def _until(client: Client, path: str, statuses: set[str]) -> Any:
    async with asyncio.timeout(_OVER_SECONDS):
        while True:
            reply = await client.get(path)
            if reply.status == 200 and reply.json["status"] in statuses:
                return reply.json
            await asyncio.sleep(0.05)


async def test_no_secret_is_found_in_the_log_the_database_logs_answers_and_processes(
    installation: Installation, source_database: str, target_database: str, kafka_bootstrap: str
):
    secrets = installation.secrets
    names = (
        "source password",
        "target password",
        "wrong password",
        "first password",
        "host text",
        "store password",
    )
    secrets |= {name: canary(name.replace(" ", "-")) for name in names}
    own = "whsec_" + base64.b64encode(uuid4().bytes + uuid4().bytes).decode()
    other = "whsec_" + base64.b64encode(uuid4().bytes + uuid4().bytes).decode()
    secrets |= {"webhook secret": own, "rotated secret": other, "row": f"row-{uuid4().hex}"}
    row = secrets["row"]
    reader, writer = f"reader_{uuid4().hex[:8]}", f"writer_{uuid4().hex[:8]}"
    await _fill(source_database, row)
    await _role(
        source_database,
        reader,
        secrets["source password"],
        'grant usage on schema public to "{role}"; grant select on people to "{role}"',
    )
    await _role(
        target_database,
        writer,
        secrets["target password"],
        'grant create, temporary on database "{database}" to "{role}";'
        ' grant create on schema public to "{role}"',
    )
    try:
        client = await installation.start()
        hidden = await _exercise(
            client, installation, reader, writer, source_database, target_database
        )
    finally:
        await _forget_role(source_database, reader)
        await _forget_role(target_database, writer)
    seen, answers = hidden
    assert installation.server is not None
    assert installation.executor is not None
    assert await installation.server.stop() == 0
    await installation.executor.stop()

    sightings = Sightings(secrets)
    prefix = installation.processes.environment["STERNA_TOPIC_PREFIX"]
    topics = await kafka_contents(kafka_bootstrap, prefix)
    assert {name.rpartition(".")[2] for name in topics} >= {
        "commands",
        "events",
        "tasks",
        "telemetry",
    }
    for name, content in topics.items():
        sightings.search(f"topic {name.rpartition('.')[2]}", content)
    url = (installation.folder / "STERNA_DATABASE_URL").read_text()
    sightings.search("database", await database_contents(url))
    for log in installation.folder.glob("*.log"):
        sightings.search(log.name.split("-")[0], log.read_bytes())
    for program, content in seen.items():
        sightings.search(f"process {program}", content)
    sightings.search("answers", "\n".join(answers).encode())
    assert sightings.found == []
    for place in ("topic events", "topic tasks", "database", "executor.log", "answers"):
        assert sightings.searched[place] > 1_000, place
    assert "process pg_dump" in sightings.searched, sorted(sightings.searched)


async def _exercise(
    client: Client, installation: Installation, reader: str, writer: str, source: str, target: str
) -> tuple[dict[str, bytes], list[str]]:
    """Use and misuse every secret; gives what processes showed, and the answers."""
    secrets = installation.secrets
    async with watching(*installation.pids()) as watch:
        hook = {
            "url": f"{installation.slack.url}/hook",
            "events": ["*"],
            "secret": secrets["webhook secret"],
        }
        made = await client.post("/v1/webhooks", hook)
        generated = await client.post("/v1/webhooks", {"url": hook["url"], "events": ["*"]})
        rotated = await client.post(
            f"/v1/webhooks/{made.json['id']}/rotate-secret", {"secret": secrets["rotated secret"]}
        )
        key = await client.post("/v1/api-keys", {"name": "robot", "scopes": ["*"]})
        turned = await client.post(f"/v1/api-keys/{key.json['id']}/rotate", {})
        feed = await client.post("/v1/calendar/feeds", {"name": "calendar"})
        secrets["generated secret"] = generated.json["secret"]
        secrets["made key"], secrets["rotated key"] = key.json["key"], turned.json["key"]
        secrets["word of a feed"] = feed.json["url"].partition("token=")[2]
        assert rotated.json["secret"] == secrets["rotated secret"]
        # What is shown once is no leak; from here on nothing may be shown.
        client.seen.clear()
        old = await _made(client, _connection(source, "old", reader, secrets["source password"]))
        new = await _made(client, _connection(target, "new", writer, secrets["first password"]))
        failed = await client.post(f"/v1/connections/{new}/test")
        assert failed.json["status"] == "failed"
        changes = {"config": {"password": secrets["target password"]}}
        await client.send("PATCH", f"/v1/connections/{new}", changes)
        tested = await client.post(f"/v1/connections/{new}/test")
        assert tested.json["status"] == "connected", tested.text
        assert (await client.get(f"/v1/connections/{old}/schema")).status == 200
        await _misuse(client, installation, source)
        await _namespace(client, source, reader, secrets["store password"])
        address = urlsplit(feed.json["url"])
        anonymous = Client(client.session, client.url, None)
        assert (await anonymous.get(f"{address.path}?{address.query}")).status == 200
        over = await _migrated(client, old, new, start=True)
        assert over["status"] == "completed", over
        wrong = await _made(client, _connection(source, "bad", reader, secrets["wrong password"]))
        assert (await _migrated(client, wrong, new, start=False))["status"] == "failed"
        await client.until(
            f"/v1/migrations/{over['id']}/notifications",
            lambda page: [each["status"] for each in page["data"]] == ["delivered"] * 4,
        )
        for path in ("connections", "webhooks", "api-keys", "migrations", "audit-logs"):
            await client.get(f"/v1/{path}?limit=100")
        for part in ("", "/plan", "/logs?limit=1000&level=debug", "/metrics", "/validation"):
            await client.get(f"/v1/migrations/{over['id']}{part}")
        assert (await client.get(f"/v1/migrations/{over['id']}/certificate")).status == 200
        await client.get(f"/v1/webhooks/{made.json['id']}/deliveries?limit=100")
        watch.look()
        return watch.seen, list(client.seen)


async def _namespace(client: Client, url: str, role: str, password: str) -> None:
    """Keep a namespace in a store whose password is wrong, and try to write there."""
    body = _connection(url, "store", role, password)
    connection_id = await _made(client, {**body, "type": "pgvector"})
    store = {"type": "pgvector", "connection_id": connection_id}
    made = await client.post("/v1/namespaces", {"name": "canaries", "store": store})
    assert made.status == 201, made.text
    one = f"/v1/namespaces/{made.json['id']}"
    await client.send("PUT", f"{one}/collections/items", {"definition": {}})
    line = {"document_id": "d", "collection_id": "items"}
    refused = await client.post(f"{one}/documents", line)
    assert refused.json["error"]["code"] == "store_refused", refused.text
    await client.get("/v1/namespaces?limit=100")


async def _misuse(client: Client, installation: Installation, source: str) -> None:
    """Send secrets where they do not belong: they come back in no answer and stand in no log."""
    secrets = installation.secrets
    text = secrets["host text"]
    quoted = quote(text, safe="")
    for body in (
        _connection(source, "dsn", "u", text, host=f"postgresql://u:{text}@db/x"),
        _connection(source, "dsn", "u", text, port=text),
        _connection(source, "dsn", "u", text, passwort=text),
        {"dsn": f"postgresql://u:{quoted}@db/x"},
    ):
        assert (await client.post("/v1/connections", body)).status == 422
    raw = f'{{"password": "{text}"'.encode()
    assert (await client.post("/v1/connections", raw=raw)).status == 422
    for url in (f"https://user:{quoted}@example.com/", f"ftp://{quoted}.example.com"):
        assert (await client.post("/v1/webhooks", {"url": url, "events": ["*"]})).status == 422
    wrong = {"url": "https://example.com", "events": ["*"], "secret": text}
    assert (await client.post("/v1/webhooks", wrong)).status == 422
    stranger = Client(client.session, client.url, f"sk_live_{text}")
    assert (await stranger.get("/v1/connections")).status == 401
    client.seen.extend(stranger.seen)


def test_every_form_of_a_secret_is_recognised():
    secret = canary("x")
    for shift in range(6):
        hidden = base64.b64encode(b"p" * shift + secret.encode() + b"q" * (5 - shift))
        sightings = Sightings({"x": secret})
        sightings.search("here", hidden)
        assert sightings.found, shift
    for form, text in forms(secret).items():
        sightings = Sightings({"x": secret})
        sightings.search("here", b"before " + text + b" after")
        assert sightings.found, form
    sightings = Sightings({"x": secret})
    sightings.search("here", b"nothing")
    assert sightings.found == []
