import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from hashlib import sha256
from typing import Any

import asyncpg

from sterna_core.artifacts.address import ArtifactAddress
from sterna_core.artifacts.pieces import pieces_of
from sterna_core.artifacts.store import Artifact, ArtifactNotFound
from sterna_core.errors import Misconfigured, Transient
from sterna_core.namespace_store.postgres.errors import translate
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.postgres.queries import load_queries
from sterna_core.postgres.schema_steps import apply_steps, read_steps
from sterna_core.secrets.secret import Secret

SCHEMA = "sterna_artifacts"
POOL_SIZE = 4
WORK_SECONDS = 60.0
"""How long a piece may take, with waiting for a connection."""
CLOSE_SECONDS = 5.0
UNFINISHED_SECONDS = 24 * 3600.0
"""After so long a file that is not whole is taken for one whose writer has died."""

_PACKAGE = "sterna_core.artifacts"


class PostgresArtifactStore:
    """Keeps files in PostgreSQL by pieces, in tables of their own; opened when first needed."""

    def __init__(self, url: Secret | None, *, schema: str = SCHEMA) -> None:
        self._url = url
        self._schema = schema
        self._queries = load_queries(_PACKAGE, "artifacts.sql")
        self._opening = asyncio.Lock()
        self._pool: Any = None

    async def put(
        self, address: ArtifactAddress, content: AsyncIterable[bytes], *, replace: bool = True
    ) -> Artifact:
        """Keep a file once all of it has come; see the port."""
        place = (address.namespace_id, address.cluster_id, address.name)
        await self._fetch("clear", UNFINISHED_SECONDS)
        ((artifact_id,),) = await self._fetch("begin", *place)
        digest, size, number = sha256(), 0, 0
        try:
            async for piece in pieces_of(content):
                await self._fetch("add", artifact_id, number, piece)
                digest.update(piece)
                size += len(piece)
                number += 1
        except BaseException:
            await self._forget(artifact_id)
            raise
        made = Artifact(address, size, digest.hexdigest())
        return await self._finish(artifact_id, made, replace=replace)

    async def read(self, address: ArtifactAddress) -> AsyncGenerator[bytes]:
        """Give a file piece by piece; raises ArtifactNotFound."""
        place = (address.namespace_id, address.cluster_id, address.name)
        found = await self._fetch("find", *place)
        if not found:
            raise ArtifactNotFound(address)
        read = number = 0
        while read < found[0]["bytes"]:
            rows = await self._fetch("piece", found[0]["artifact_id"], number)
            if not rows:
                raise Transient("The artifact was replaced meanwhile.", code="artifact_replaced")
            piece: bytes = rows[0]["content"]
            yield piece
            read += len(piece)
            number += 1

    async def kept(self, namespace_id: str, cluster_id: str | None = None) -> tuple[Artifact, ...]:
        """List files by address."""
        return tuple(
            Artifact(
                ArtifactAddress(namespace_id, row["cluster_id"], row["name"]),
                row["bytes"],
                row["sha256"].hex(),
            )
            for row in await self._fetch("list", namespace_id, cluster_id)
        )

    async def delete(
        self, namespace_id: str, cluster_id: str | None = None, name: str | None = None
    ) -> int:
        """Remove files; give how many there were."""
        ((gone,),) = await self._fetch("delete", namespace_id, cluster_id, name)
        return int(gone)

    async def close(self) -> None:
        """Close what was opened."""
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    async def _finish(self, artifact_id: int, made: Artifact, *, replace: bool) -> Artifact:
        address = made.address
        place = (address.namespace_id, address.cluster_id, address.name)
        pool = await self._opened()
        try:
            async with (
                asyncio.timeout(WORK_SECONDS),
                pool.acquire() as connection,
                connection.transaction(),
            ):
                await connection.execute(self._queries["lock"], str(address))
                before = await connection.fetchrow(self._queries["find"], *place)
                if before is not None and not replace:
                    await connection.execute(self._queries["forget"], artifact_id)
                    return Artifact(address, before["bytes"], before["sha256"].hex())
                if before is not None:
                    await connection.execute(self._queries["forget"], before["artifact_id"])
                values = (artifact_id, made.bytes, bytes.fromhex(made.sha256))
                shown = await connection.fetch(self._queries["finish"], *values)
        except DRIVER_ERRORS as error:
            raise translate(error) from None
        if not shown:
            raise ArtifactNotFound(address)  # its namespace was removed meanwhile
        return made

    async def _forget(self, artifact_id: int) -> None:
        try:
            await self._fetch("forget", artifact_id)
        except Transient:
            return  # a later writer clears it

    async def _fetch(self, statement: str, *values: Any) -> list[Any]:
        pool = await self._opened()
        try:
            async with asyncio.timeout(WORK_SECONDS), pool.acquire() as connection:
                rows: list[Any] = await connection.fetch(self._queries[statement], *values)
        except DRIVER_ERRORS as error:
            raise translate(error) from None
        return rows

    async def _opened(self) -> Any:
        async with self._opening:
            if self._pool is None:
                if self._url is None:
                    raise Misconfigured(
                        "set STERNA_NAMESPACE_DATABASE_URL, where artifacts are kept"
                    )
                self._pool = await self._open(self._url)
            return self._pool

    async def _open(self, url: Secret) -> Any:
        try:
            pool = await asyncpg.create_pool(
                url.reveal(),
                min_size=0,
                max_size=POOL_SIZE,
                server_settings={
                    "search_path": self._schema,
                    "application_name": "sterna artifacts",
                    "client_min_messages": "error",
                },
            )
        except DRIVER_ERRORS as error:
            raise translate(error) from None
        try:
            async with asyncio.timeout(WORK_SECONDS), pool.acquire() as connection:
                await apply_steps(connection, self._schema, read_steps(_PACKAGE))
        except DRIVER_ERRORS as error:
            pool.terminate()
            raise translate(error) from None
        return pool
