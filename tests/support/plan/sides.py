"""Two databases to plan between, entered as the administrator or as a role of few rights."""

import itertools
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from sterna_core.migration.incremental import IncrementalOptions
from sterna_core.migration.plan import Mode, Selection
from sterna_core.tasks.work import PlanMigration
from sterna_executor.databases.postgresql.connection import Connection, settle
from sterna_executor.databases.postgresql.errors import Role
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.plan_migration import Plan, plan_migration
from sterna_executor.databases.postgresql.sample import Sampling

PASSWORD = "few-rights"
_numbers = itertools.count(1)


@dataclass
class Sides:
    """A source and a target; `source` and `target` are the administrator's own sessions."""

    source_url: str
    target_url: str
    source: Connection
    target: Connection
    stack: AsyncExitStack
    roles: list[str] = field(default_factory=list)

    async def role(self, options: str = "") -> str:
        """Make a role that may log in and nothing else."""
        name = f"few_rights_{os.getpid()}_{next(_numbers)}"
        await self.source.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' {options}")
        self.roles.append(name)
        return name

    async def enter(self, side: Role, role: str | None = None) -> Connection:
        """Open a session as executors do."""
        url = self.source_url if side == "source" else self.target_url
        if role is not None:
            parts = urlsplit(url)
            host = parts.netloc.rpartition("@")[2]
            url = urlunsplit(parts._replace(netloc=f"{quote(role)}:{PASSWORD}@{host}"))
        connection = await asyncpg.connect(url)
        self.stack.push_async_callback(connection.close)
        await settle(connection, role=side, application_name="test")
        return connection

    async def inventory(self, **selection: object) -> Inventory:
        """Read the source's inventory as the administrator."""
        return await read_inventory(await self.enter("source"), Selection(**selection))

    async def plan(
        self,
        *,
        source_role: str | None = None,
        target_role: str | None = None,
        sampling: Sampling | None = None,
        batch_rows: int | None = None,
        mode: Mode = "full",
        incremental: IncrementalOptions | None = None,
        **selection: object,
    ) -> Plan:
        """Plan, entering both sides anew."""
        return await plan_migration(
            await self.enter("source", source_role),
            await self.enter("target", target_role),
            "mig_test",
            PlanMigration(
                selection=Selection(**selection),
                auto_approve_above=0.95,
                chunk_bytes=64 * 1024 * 1024,
                batch_rows=batch_rows,
                mode=mode,
                incremental=incremental,
            ),
            sampling,
        )


@asynccontextmanager
async def sides_of(source_url: str, target_url: str) -> AsyncGenerator[Sides]:
    """Enter both databases as the administrator; drop the roles that were made at the end."""
    source = await asyncpg.connect(source_url)
    target = await asyncpg.connect(target_url)
    try:
        async with AsyncExitStack() as stack:
            sides = Sides(source_url, target_url, source, target, stack)
            yield sides
        for role in sides.roles:
            for side in (source, target):
                await side.execute(f"DROP OWNED BY {role}")
            await source.execute(f"DROP ROLE {role}")
    finally:
        await source.close()
        await target.close()
