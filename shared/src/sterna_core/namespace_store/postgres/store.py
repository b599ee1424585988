from collections.abc import Sequence
from typing import Any

import msgspec

from sterna_core.errors import Misconfigured, NotFound, Rejected, TargetConflict
from sterna_core.namespace_store.adoption import Adoption
from sterna_core.namespace_store.checking import check_features, check_name
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.memory import MemoryReceipts, MemoryShelf
from sterna_core.namespace_store.postgres.adopted_search import AdoptedVectors
from sterna_core.namespace_store.postgres.adopted_shelf import AdoptedShelf
from sterna_core.namespace_store.postgres.adopted_table import read_table
from sterna_core.namespace_store.postgres.packed import PostgresPackedDocuments
from sterna_core.namespace_store.postgres.receipts import PostgresReceipts
from sterna_core.namespace_store.postgres.search import PostgresVectors
from sterna_core.namespace_store.postgres.sessions import Connection, Pool, Sessions
from sterna_core.namespace_store.postgres.shelf import PostgresShelf
from sterna_core.namespace_store.postgres.statements import statements
from sterna_core.namespace_store.read_only import NoReceipts, ReadOnlyShelf
from sterna_core.namespace_store.store import Space
from sterna_core.postgres.identifiers import qualified, quote

_SCHEMA = "namespace_"
_features = msgspec.json.Decoder(tuple[Feature, ...])


class PostgresNamespaceStore:
    """Spaces of one database; the pool is its owner's to open and to close.

    The extension is created with the first space; where the user may not do that, an administrator
    has to do it once.
    """

    def __init__(self, pool: Pool) -> None:
        self._sessions = Sessions(pool)
        self._vector_schema: str | None = None

    async def create(self, name: str, features: Sequence[Feature]) -> Space:
        """Make a space, or give the one there is with these features."""
        check_name(name)
        check_features(features)
        await self._prepare()
        wanted = tuple(sorted(features))
        async with self._sessions.transaction() as connection:
            await connection.execute(_registry("lock"))
            row = await connection.fetchrow(_registry("find"), name)
            if row is None:
                await self._create(connection, name)
                encoded = msgspec.json.encode(wanted).decode()
                await connection.execute(_registry("add"), name, encoded, None)
            elif row["adoption"] is not None or _features.decode(row["features"]) != wanted:
                raise TargetConflict(
                    "There is a space of this name with other features.", code="space_exists"
                )
        return self._space(name, wanted)

    async def open(self, name: str) -> Space:
        """Give a space; raises NotFound (`space_not_found`)."""
        await self._prepare()
        async with self._sessions.plain() as connection:
            row = await connection.fetchrow(_registry("find"), name)
        if row is None:
            raise _no_space()
        features = _features.decode(row["features"])
        if row["adoption"] is None:
            return self._space(name, features)
        return await self._adopted(name, msgspec.json.decode(row["adoption"], type=Adoption))

    async def drop(self, name: str) -> bool:
        """Remove a space with all that is in it; tell whether it was there."""
        await self._prepare()
        async with self._sessions.transaction() as connection:
            await connection.execute(_registry("lock"))
            if await connection.fetch(_registry("aliases_of"), name):
                raise Rejected("alias_held", "An alias leads to this space: switch or release it.")
            row = await connection.fetchrow(_registry("remove"), name)
            if row is not None and row["adoption"] is None:
                drop = statements("space.sql")["drop_schema"]
                await connection.execute(drop.format(space=quote(_SCHEMA + name)))
        return row is not None

    async def names(self) -> tuple[str, ...]:
        """Give the names of all spaces, sorted."""
        await self._prepare()
        async with self._sessions.plain() as connection:
            return tuple(row["name"] for row in await connection.fetch(_registry("names")))

    async def switch(self, alias: str, name: str) -> str | None:
        """Lead an alias to a space; give where it led before."""
        check_name(alias)
        await self._prepare()
        async with self._sessions.transaction() as connection:
            if await connection.fetchval(_registry("hold"), name) is None:
                raise _no_space()
            before: str | None = await connection.fetchval(_registry("hold_alias"), alias)
            await connection.execute(_registry("switch"), alias, name)
        return before

    async def holder(self, alias: str) -> str | None:
        """Give the space that an alias leads to."""
        return await self._alias("holder", alias)

    async def release(self, alias: str) -> str | None:
        """Take an alias away; give where it led."""
        return await self._alias("release", alias)

    async def adopt(self, name: str, adoption: Adoption) -> Space:
        """Show a table or a collection as a space that can be read and searched."""
        check_name(name)
        features = tuple(sorted(each.feature for each in adoption.features))
        check_features(features)
        await self._prepare()
        space = await self._adopted(name, adoption)
        kept = msgspec.json.encode(adoption).decode()
        async with self._sessions.transaction() as connection:
            await connection.execute(_registry("lock"))
            row = await connection.fetchrow(_registry("find"), name)
            if row is None:
                encoded = msgspec.json.encode(features).decode()
                await connection.execute(_registry("add"), name, encoded, kept)
            elif row["adoption"] != kept:
                raise TargetConflict("There is a space of this name.", code="space_exists")
        return space

    async def _adopted(self, name: str, adoption: Adoption) -> Space:
        schema = await self._prepare()
        async with self._sessions.plain() as connection:
            table = await read_table(connection, adoption, quote(schema))
        features = tuple(sorted(each.feature for each in adoption.features))
        documents = AdoptedShelf(self._sessions, table, features=features, vector_schema=schema)
        return Space(
            name=name,
            features=features,
            documents=ReadOnlyShelf(name, documents),
            objects=ReadOnlyShelf(name, MemoryShelf((), MemoryReceipts())),
            vectors=AdoptedVectors(self._sessions, table, features=features),
            receipts=NoReceipts(name),
            adopted=True,
        )

    async def _alias(self, statement: str, alias: str) -> str | None:
        await self._prepare()
        async with self._sessions.plain() as connection:
            name: str | None = await connection.fetchval(_registry(statement), alias)
        return name

    async def _prepare(self) -> str:
        """Make what all spaces need, where it is not there; give the schema of the extension."""
        if self._vector_schema is None:
            async with self._sessions.transaction() as connection:
                await connection.execute(_registry("lock"))
                if not await connection.fetchval(_registry("is_there")):
                    for step in ("create_schema", "mark_schema", "create_spaces", "create_aliases"):
                        await connection.execute(_registry(step))
                self._vector_schema = await _extension(connection)
        return self._vector_schema

    async def _create(self, connection: Connection, name: str) -> None:
        schema = _SCHEMA + name
        names = {"space": quote(schema), "vector": quote(await self._prepare())}
        statement = statements("space.sql")
        await connection.execute(statement["create_schema"].format_map(names))
        for table in ("documents", "objects"):
            for step in ("create_documents", "create_collections"):
                await connection.execute(
                    statement[step].format_map({**names, "table": qualified(schema, table)})
                )
        for step in ("create_vectors", "create_receipts", "create_fence", "plant_fence"):
            await connection.execute(statement[step].format_map(names))

    def _space(self, name: str, features: tuple[Feature, ...]) -> Space:
        assert self._vector_schema is not None
        schema, sessions = _SCHEMA + name, self._sessions
        where: dict[str, Any] = {"vector_schema": self._vector_schema}
        return Space(
            name=name,
            features=features,
            documents=PostgresShelf(sessions, schema, "documents", features=features, **where),
            objects=PostgresShelf(sessions, schema, "objects", features=(), **where),
            vectors=PostgresVectors(sessions, schema, features=features, **where),
            receipts=PostgresReceipts(sessions, schema),
            packed=PostgresPackedDocuments(sessions, schema, features=features),
        )


async def _extension(connection: Connection) -> str:
    schema: str | None = await connection.fetchval(_registry("extension_schema"))
    if schema is not None:
        return schema
    if not await connection.fetchval(_registry("has_extension")):
        raise Misconfigured("The store's server has no extension vector: install pgvector there.")
    await connection.execute(_registry("create_extension"))
    return str(await connection.fetchval(_registry("extension_schema")))


def _no_space() -> NotFound:
    return NotFound("There is no space of this name.", code="space_not_found")


def _registry(name: str) -> str:
    return statements("registry.sql")[name]
