"""The ledger on the target: what a migration made there, and what it is still to make."""

from collections.abc import Container, Iterable, Sequence

from msgspec import Struct

from sterna_core.migration.reports import ObjectWave, PostObject
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.statements import statements

Address = tuple[int, int]
"""A catalog's oid, and an object's oid in it."""

_SCHEMA = "_sterna"
_STAND_ALONE_KINDS = frozenset({"EVENT TRIGGER", "FUNCTION", "MATERIALIZED VIEW", "PROCEDURE"})


class Created(Struct, frozen=True, kw_only=True):
    """An object that the migration made, by its address in the target's catalogs.

    `kind` and `identity` are as `pg_identify_object` gave them; `present` is what it is called
    now, or None where it is gone. `removed` says whether a rollback dropped it.
    """

    address: Address
    kind: str
    identity: str
    present: str | None
    removed: bool = False


class LaterObject(Struct, frozen=True, kw_only=True):
    """An object to create after the rows. Each of `steps` is a transaction of its own."""

    object_id: str
    wave: ObjectWave
    kind: str
    schema: str
    name: str
    table_id: str | None
    steps: tuple[str, ...]


class ObjectProgress(Struct, frozen=True, kw_only=True):
    """An object to create after the rows, and how many of its steps are done."""

    kind: str
    name: str
    steps: tuple[str, ...]
    done: int

    @property
    def may_stand_alone(self) -> bool:
        """Whether it is, or brings, something that is no part of a table."""
        return self.kind in _STAND_ALONE_KINDS


async def made_now(
    connection: Connection, before: Container[Address], extensions: Iterable[str] = ()
) -> tuple[Created, ...]:
    """Give what the transaction of `connection` made so far, apart from what was there before.

    `extensions` were made in transactions within it, and are found by name.
    """
    rows = await connection.fetch(_sql("created_now"), list(extensions))
    return tuple(
        Created(
            address=(row["classid"], row["objid"]),
            kind=row["kind"],
            identity=row["identity"],
            present=row["identity"],
        )
        for row in rows
        if (row["classid"], row["objid"]) not in before
    )


async def add_created(
    connection: Connection, migration_id: str, created: Iterable[Created]
) -> None:
    """Write down what was made, in the transaction that made it."""
    await connection.copy_records_to_table(
        "created",
        schema_name=_SCHEMA,
        columns=["migration_id", "classid", "objid", "kind", "identity"],
        records=[(migration_id, *entry.address, entry.kind, entry.identity) for entry in created],
    )


async def read_created(connection: Connection, migration_id: str) -> tuple[Created, ...]:
    """Give all that the migration made, the newest first."""
    return tuple(
        Created(
            address=(row["classid"], row["objid"]),
            kind=row["kind"],
            identity=row["identity"],
            present=row["present"],
            removed=row["removed"],
        )
        for row in await connection.fetch(_sql("created"), migration_id)
    )


async def set_removed(
    connection: Connection, migration_id: str, addresses: Sequence[Address]
) -> None:
    """Write down what was removed, in the transaction that removed it."""
    await connection.execute(
        _sql("set_removed"),
        migration_id,
        [classid for classid, _ in addresses],
        [objid for _, objid in addresses],
    )


async def add_objects(
    connection: Connection, migration_id: str, objects: Sequence[LaterObject]
) -> None:
    """Write down what is to be created after the rows."""
    await connection.copy_records_to_table(
        "objects",
        schema_name=_SCHEMA,
        columns=[
            "migration_id",
            "object_id",
            "wave",
            "position",
            "kind",
            "schema",
            "name",
            "table_id",
            "steps",
        ],
        records=[
            (
                migration_id,
                item.object_id,
                item.wave,
                position,
                item.kind,
                item.schema,
                item.name,
                item.table_id,
                list(item.steps),
            )
            for position, item in enumerate(objects)
        ],
    )


async def read_objects(connection: Connection, migration_id: str) -> tuple[PostObject, ...]:
    """Give what is to be created after the rows, in the order of the archive."""
    return tuple(
        PostObject(
            object_id=row["object_id"],
            kind=row["kind"],
            name=row["name"],
            wave=row["wave"],
            table_id=row["table_id"],
        )
        for row in await connection.fetch(_sql("objects"), migration_id)
    )


async def read_object(
    connection: Connection, migration_id: str, object_id: str
) -> ObjectProgress | None:
    """Give one object that is to be created after the rows, or None."""
    row = await connection.fetchrow(_sql("object"), migration_id, object_id)
    if row is None:
        return None
    return ObjectProgress(
        kind=row["kind"], name=row["name"], steps=tuple(row["steps"]), done=row["done"]
    )


async def step_done(connection: Connection, migration_id: str, object_id: str, done: int) -> None:
    """Write down that `done` steps of an object are, in the transaction that did the last."""
    await connection.execute(_sql("step_done"), migration_id, object_id, done)


async def add_part(connection: Connection, migration_id: str, part: str, body: bytes) -> None:
    """Remember a part of what the target was."""
    await connection.copy_records_to_table(
        "fingerprints",
        schema_name=_SCHEMA,
        columns=["migration_id", "part", "body"],
        records=[(migration_id, part, body.decode())],
    )


async def read_part(connection: Connection, migration_id: str, part: str) -> bytes | None:
    """Give a part that was remembered, or None."""
    body: str | None = await connection.fetchval(_sql("part"), migration_id, part)
    return None if body is None else body.encode()


def _sql(name: str) -> str:
    return statements("ledger.sql")[name]
