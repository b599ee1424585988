"""Two databases and the work between them, as an executor does it."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import asyncpg
import msgspec

from sterna_core.connection.endpoint import Endpoint
from sterna_core.migration.plan import CopyFormat
from sterna_core.postgres.identifiers import qualified, quote
from sterna_core.secrets.secret import Secret
from sterna_core.tasks.table import ColumnSpec, PageRange, TableSpec
from sterna_core.tasks.work import (
    CompareTable,
    CopyChanges,
    CopyChunk,
    RepairTable,
    RetryRows,
    RowReplacement,
    ScanRange,
    Side,
)
from sterna_executor.databases.postgresql import bookkeeping
from sterna_executor.databases.postgresql.compare import CompareResult, compare_table
from sterna_executor.databases.postgresql.copy_changes import ChangesResult, copy_changes
from sterna_executor.databases.postgresql.copy_chunk import CopyResult, copy_chunk
from sterna_executor.databases.postgresql.database import Assignment, Database
from sterna_executor.databases.postgresql.pool import ConnectionPool
from sterna_executor.databases.postgresql.repair import FINE_ABOVE_ROWS, RepairResult, repair_table
from sterna_executor.databases.postgresql.retry_rows import RetryResult, retry_rows
from sterna_executor.databases.postgresql.scan import ScanResult, scan_range
from sterna_executor.databases.postgresql.snapshot import HeldSnapshot, hold_snapshot

WHOLE = PageRange(0, None)
DEADLINE_SECONDS = 30.0
GATE = "(select {value} from pg_advisory_xact_lock_shared(42))"
"""An expression that waits for the gate."""


def endpoint_of(url: str, **changed: object) -> Endpoint:
    parts = urlsplit(url)
    endpoint = Endpoint(
        connection_id="conn",
        org_id="org",
        host=parts.hostname or "",
        port=parts.port or 5432,
        database=unquote(parts.path.removeprefix("/")),
        username=unquote(parts.username or "postgres"),
        sealed_password="",
        ssl_mode="disable",
    )
    return msgspec.structs.replace(endpoint, **changed)


def password_of(url: str) -> Secret:
    return Secret(unquote(urlsplit(url).password or ""))


class Moving:
    """One migration between two databases; its bookkeeping is on the target."""

    def __init__(self, source_url: str, target_url: str) -> None:
        self.source_url, self.target_url = source_url, target_url
        self.migration_id = f"mig_{uuid4().hex}"
        self.pool = ConnectionPool(max_connections_per_host=8)
        self.source = self.side("source", endpoint_of(source_url))
        self.target = self.side("target", endpoint_of(target_url))
        self._tasks = itertools.count(1)

    def side(self, role: Side, endpoint: Endpoint, pool: ConnectionPool | None = None) -> Database:
        url = self.source_url if role == "source" else self.target_url
        return Database(
            pool=pool or self.pool,
            endpoint=endpoint,
            password=password_of(url),
            role=role,
            migration_id=self.migration_id,
        )

    @asynccontextmanager
    async def begun(self) -> AsyncGenerator["Moving"]:
        async with self.target.session() as target:
            await bookkeeping.create(target, self.migration_id, 0)
        try:
            yield self
        finally:
            await self.pool.close()

    def assignment(
        self,
        task_id: str | None = None,
        *,
        epoch: int = 0,
        source: Database | None = None,
        target: Database | None = None,
    ) -> Assignment:
        return Assignment(
            migration_id=self.migration_id,
            task_id=task_id or f"tsk_{next(self._tasks)}",
            epoch=epoch,
            source=source or self.source,
            target=target or self.target,
        )

    def snapshot(self, **settings: float) -> AbstractAsyncContextManager[HeldSnapshot]:
        return hold_snapshot(
            self.source.endpoint, self.source.password, application_name="holder", **settings
        )

    async def both(self, *statements: str) -> None:
        await self.on("source", *statements)
        await self.on("target", *statements)

    async def on(self, role: Side, *statements: str) -> None:
        connection = await asyncpg.connect(self._url(role))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def ask(self, role: Side, query: str, *arguments: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._url(role))
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    async def value(self, role: Side, query: str, *arguments: object) -> object:
        return (await self.ask(role, query, *arguments))[0][0]

    async def until(self, role: Side, query: str, *arguments: object) -> None:
        """Wait until a query gives true."""
        connection = await asyncpg.connect(self._url(role))
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not await connection.fetchval(query, *arguments):  # ruff: ignore[async-busy-wait]  # PostgreSQL has no event for it
                    await asyncio.sleep(0.01)
        finally:
            await connection.close()

    @asynccontextmanager
    async def gate_closed(self) -> AsyncGenerator[asyncpg.Connection]:
        """Stop reads of the source that evaluate `GATE`, until the block ends."""
        connection = await asyncpg.connect(self.source_url)
        try:
            await connection.execute("select pg_advisory_lock(42)")
            yield connection
        finally:
            await connection.close()

    async def at_gate(self) -> None:
        """Wait until a session of the source waits at the gate."""
        await self.until(
            "source",
            "select exists (select from pg_locks where locktype = 'advisory' and not granted"
            " and database = (select oid from pg_database where datname = current_database()))",
        )

    async def table(
        self,
        name: str,
        *,
        schema: str = "public",
        key: Sequence[str] = (),
        copy_format: CopyFormat = "binary",
        transformed: dict[str, str] | None = None,
        rows: int = 0,
    ) -> TableSpec:
        """Describe a table of the source that has the same name on the target."""
        columns = await self.ask(
            "source",
            "select attname, format_type(atttypid, atttypmod) as type from pg_attribute"
            " where attrelid = $1::text::regclass and attnum > 0 and not attisdropped"
            " and attgenerated = '' order by attnum",
            qualified(schema, name),
        )
        return TableSpec(
            table_id=f"{schema}.{name}",
            source_schema=schema,
            source_table=name,
            target_schema=schema,
            target_table=name,
            columns=tuple(
                ColumnSpec(
                    source=column["attname"],
                    target=column["attname"],
                    expression=(transformed or {}).get(column["attname"])
                    or quote(column["attname"]),
                    target_type=column["type"],
                )
                for column in columns
            ),
            key=tuple(key),
            copy_format=copy_format,
            estimated_rows=rows,
        )

    def chunk(
        self,
        table: TableSpec,
        snapshot: HeldSnapshot,
        pages: PageRange = WHOLE,
        number: int = 0,
        generation: int = 1,
    ) -> CopyChunk:
        return CopyChunk(
            table=table,
            chunk=number,
            pages=pages,
            snapshot_id=snapshot.snapshot_id,
            generation=generation,
        )

    async def copy(self, assignment: Assignment, work: CopyChunk) -> CopyResult:
        return await copy_chunk(assignment, work, lambda rows, size: None)

    async def copy_table(self, table: TableSpec, snapshot: HeldSnapshot) -> CopyResult:
        return await self.copy(self.assignment(), self.chunk(table, snapshot))

    async def scan(
        self,
        table: TableSpec,
        snapshot: HeldSnapshot,
        side: Side,
        pages: PageRange,
        number: int,
        bits: int,
        task_id: str | None = None,
    ) -> ScanResult:
        work = ScanRange(
            table=table,
            pass_number=1,
            side=side,
            range_number=number,
            pages=pages,
            bucket_bits=bits,
            snapshot_id=snapshot.snapshot_id,
            generation=1,
        )
        return await scan_range(self.assignment(task_id), work)

    async def compare(
        self,
        table: TableSpec,
        snapshot: HeldSnapshot,
        *,
        pass_number: int = 1,
        bits: int = 4,
        scan: bool = True,
        task_id: str | None = None,
        generation: int = 1,
        some_set_aside: bool = False,
    ) -> CompareResult:
        work = CompareTable(
            table=table,
            pass_number=pass_number,
            bucket_bits=bits,
            scan=scan,
            snapshot_id=snapshot.snapshot_id,
            generation=generation,
            some_set_aside=some_set_aside,
        )
        return await compare_table(self.assignment(task_id), work)

    async def repair(
        self,
        table: TableSpec,
        snapshot: HeldSnapshot,
        *,
        pass_number: int = 1,
        bits: int = 4,
        task_id: str | None = None,
        generation: int = 1,
        fine_above_rows: int = FINE_ABOVE_ROWS,
        some_set_aside: bool = False,
        replacements: tuple[RowReplacement, ...] = (),
    ) -> RepairResult:
        work = RepairTable(
            table=table,
            pass_number=pass_number,
            bucket_bits=bits,
            snapshot_id=snapshot.snapshot_id,
            generation=generation,
            some_set_aside=some_set_aside,
            replacements=replacements,
        )
        return await repair_table(
            self.assignment(task_id),
            work,
            lambda rows, size: None,
            fine_above_rows=fine_above_rows,
        )

    async def changes(
        self,
        table: TableSpec,
        snapshot: HeldSnapshot,
        *,
        column: str = "updated_at",
        since: str | None = None,
        overlap_seconds: int = 0,
        pass_number: int = 1,
        generation: int = 1,
        task_id: str | None = None,
    ) -> ChangesResult:
        work = CopyChanges(
            table=table,
            pass_number=pass_number,
            change_column=column,
            since=since,
            overlap_seconds=overlap_seconds,
            snapshot_id=snapshot.snapshot_id,
            generation=generation,
        )
        return await copy_changes(self.assignment(task_id), work, lambda rows, size: None)

    async def retry(
        self,
        table: TableSpec,
        snapshot: HeldSnapshot,
        error_id: str,
        *,
        pass_number: int = 1,
        generation: int = 1,
        replacement: RowReplacement | None = None,
        assignment: Assignment | None = None,
    ) -> RetryResult:
        work = RetryRows(
            table=table,
            pass_number=pass_number,
            error_id=error_id,
            snapshot_id=snapshot.snapshot_id,
            generation=generation,
            replacement=replacement,
        )
        return await retry_rows(assignment or self.assignment(), work)

    async def rows(self, role: Side, table: TableSpec) -> list[str]:
        """Every row as text, in order: the multiset that a table is."""
        columns = ", ".join(quote(column.target) for column in table.columns)
        found = await self.ask(
            role,
            f"select row({columns})::text as row from only"
            f" {qualified(table.target_schema, table.target_table)} order by 1",
        )
        return [row["row"] for row in found]

    async def same(self, table: TableSpec) -> bool:
        return await self.rows("source", table) == await self.rows("target", table)

    async def receipts(self) -> int:
        return int(
            await self.value(
                "target",
                "select count(*) from _sterna.receipts where migration_id = $1",
                self.migration_id,
            )
        )

    def _url(self, role: Side) -> str:
        return self.source_url if role == "source" else self.target_url
