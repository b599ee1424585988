"""A migration's schema work, called as an executor would."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
from tests.support.tasks import granted

from sterna_core.connection.endpoint import Endpoint
from sterna_core.ids import MIGRATION, random_id
from sterna_core.migration.plan import Selection
from sterna_core.migration.reports import PostObject
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql import bookkeeping
from sterna_executor.databases.postgresql.blueprint import Login
from sterna_executor.databases.postgresql.build_object import ObjectBuilt, build_object
from sterna_executor.databases.postgresql.connection import (
    Connection,
    application_name_for,
    close,
    connect,
)
from sterna_executor.databases.postgresql.create_schema import (
    SchemaCreated,
    create_schema,
)
from sterna_executor.databases.postgresql.dump import find_pg_dump
from sterna_executor.databases.postgresql.fence import GRACE_SECONDS, StillWanted
from sterna_executor.databases.postgresql.finish_cutover import CutoverFinished, finish_cutover
from sterna_executor.databases.postgresql.rollback import RolledBack, roll_back

HERE = Path(__file__).parent
WAVES = ("index", "attach", "foreign_key", "behaviour")


def login_of(url: str) -> Login:
    parts = urlsplit(url)
    return Login(
        endpoint=Endpoint(
            connection_id="conn_test",
            org_id="org_test",
            host=parts.hostname or "",
            port=parts.port or 5432,
            database=unquote(parts.path.removeprefix("/")),
            username=unquote(parts.username or ""),
            sealed_password="",
        ),
        password=Secret(unquote(parts.password or "")),
    )


class SchemaMigration:
    """The schema work of one migration between two databases."""

    def __init__(self, source_url: str, target_url: str, **selection: object) -> None:
        self.source_url = source_url
        self.target_url = target_url
        self.migration_id = random_id(MIGRATION)
        self.epoch = 1
        self.selection = Selection(**selection)
        self.still_wanted: StillWanted = granted

    @asynccontextmanager
    async def connected(self, role: str) -> AsyncGenerator[Connection]:
        login = login_of(self.source_url if role == "source" else self.target_url)
        connection = await connect(
            login.endpoint,
            login.password,
            role=role,
            application_name=application_name_for(self.migration_id),
        )
        try:
            yield connection
        finally:
            await close(connection)

    async def create(self, structure_digest: str | None = None) -> SchemaCreated:
        async with self.connected("target") as target, self.connected("source") as source:
            return await create_schema(
                source,
                target,
                source_login=login_of(self.source_url),
                target_login=login_of(self.target_url),
                migration_id=self.migration_id,
                epoch=self.epoch,
                selection=self.selection,
                structure_digest=structure_digest,
                still_wanted=self.still_wanted,
            )

    async def build(self, *objects: PostObject) -> list[ObjectBuilt]:
        async with self.connected("target") as target:
            return [
                await build_object(
                    target,
                    migration_id=self.migration_id,
                    epoch=self.epoch,
                    object_id=item.object_id,
                )
                for item in objects
            ]

    async def build_all(self, objects: tuple[PostObject, ...]) -> None:
        ordered = sorted(objects, key=lambda item: WAVES.index(item.wave))
        await self.build(*ordered)

    async def finish(self) -> CutoverFinished:
        async with self.connected("target") as target, self.connected("source") as source:
            return await finish_cutover(
                source,
                target,
                migration_id=self.migration_id,
                task_id="tsk_cutover",
                epoch=self.epoch,
                selection=self.selection,
            )

    async def remove_bookkeeping(self) -> None:
        async with self.connected("target") as target:
            await bookkeeping.remove(target, self.migration_id)

    async def raise_fence(self, *, grace_seconds: float = GRACE_SECONDS) -> None:
        async with self.connected("target") as target:
            self.epoch += 1
            await bookkeeping.raise_fence(
                target,
                self.migration_id,
                self.epoch,
                self.still_wanted,
                grace_seconds=grace_seconds,
            )

    async def roll_back(self) -> RolledBack:
        async with self.connected("target") as target:
            return await roll_back(target, migration_id=self.migration_id, epoch=self.epoch)


async def run_sql(url: str, text: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(text)
    finally:
        await connection.close()


async def fetch(url: str, text: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(text, *arguments)
    finally:
        await connection.close()


async def load_everything(url: str) -> None:
    """Fill a database with every kind of object, and some rows."""
    await run_sql(url, (HERE / "everything.sql").read_text())
    await run_sql(url, (HERE / "rows.sql").read_text())


async def dump_text(url: str, *arguments: str) -> list[str]:
    """What pg_dump says of a database, statement by statement, in an order of their own.

    pg_dump orders what does not depend on each other by oid, which differs between databases.
    """
    process = await asyncio.create_subprocess_exec(
        find_pg_dump(None),
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        "--exclude-schema=_sterna",
        *arguments,
        url,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    text = re.sub(r"^\\(un)?restrict .*$", "", said.decode(), flags=re.MULTILINE)
    parts = re.split(r"^--\n-- (?:Name|Data for Name): .*\n--\n", text, flags=re.MULTILINE)
    return sorted(part.strip() for part in parts[1:])
