"""Dropping objects that came after the rows, so that they are built again."""

import asyncio
import time
from collections.abc import Sequence

import asyncpg
from msgspec import Struct

from sterna_core.errors import Terminal, Transient
from sterna_core.postgres.identifiers import qualified, quote
from sterna_core.tasks.undo_work import DropObjects
from sterna_executor.databases.postgresql import parts
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.once import once
from sterna_executor.databases.postgresql.parts import Part
from sterna_executor.databases.postgresql.receipts import Claim, Figures
from sterna_executor.databases.postgresql.restore import settle
from sterna_executor.databases.postgresql.rollback import ROLLBACK_SECONDS
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.unfinish import unfinish

_WITHOUT_PARTS = frozenset({"INDEX ATTACH", "ROW SECURITY", "COMMENT"})
"""Kinds that only change what is there."""


class ObjectsDropped(Struct, frozen=True, kw_only=True):
    """How many things were dropped, and which objects went along with those asked for."""

    dropped: int
    others: tuple[str, ...]
    seconds: float


async def drop_objects(
    assignment: Assignment, work: DropObjects, *, deadline_seconds: float = ROLLBACK_SECONDS
) -> ObjectsDropped:
    """Drop what was made of some objects, in one target transaction that leaves a receipt.

    Indexes of a partitioned table hang together, and go together. What somebody else made on top
    stops it: raises Terminal with the code `rollback_failed`, naming it. Raises Fenced, and
    Transient where somebody is in the way for too long.
    """
    began = time.monotonic()
    asked = Claim(
        migration_id=assignment.migration_id, task_id=assignment.task_id, kind="drop_objects"
    )

    async def body(target: Connection) -> Figures:
        dropping = _Dropping(target, assignment.migration_id)
        with translated("target"):
            await settle(target)
            await dropping.drop(work.object_ids)
            if work.unfinish:
                await unfinish(target, assignment.migration_id)
        others = dropping.gone - set(work.object_ids)
        return Figures(rows=dropping.count, result={"others": ",".join(sorted(others))})

    try:
        async with asyncio.timeout(deadline_seconds):
            figures = (await once(assignment, asked, body)).figures
    except TimeoutError:
        raise Transient(
            f"objects were not dropped within {deadline_seconds:g} seconds", code="rollback_slow"
        ) from None
    others = str(figures.result.get("others") or "")
    return ObjectsDropped(
        dropped=figures.rows,
        others=tuple(others.split(",")) if others else (),
        seconds=time.monotonic() - began,
    )


class _Dropping:
    def __init__(self, target: Connection, migration_id: str) -> None:
        self._target = target
        self._migration_id = migration_id
        self.gone: set[str] = set()
        self.count = 0
        self._climbed = False

    async def drop(self, objects: Sequence[str]) -> None:
        """Drop some objects, and those that broke with them, until nothing more breaks."""
        await parts.make_room(self._target)
        await self._refuse_unknown(objects)
        whole = await parts.broken(self._target, self._migration_id)
        wanted = list(objects)
        while wanted:
            found = await parts.read(self._target, self._migration_id, wanted)
            # What a parent's constraint gave to another table goes with the parent's.
            for part in [each for each in found if not await self._drop(each, inherited=False)]:
                await self._drop(part, inherited=True)
            self.gone |= {*wanted}
            broken = await parts.broken(self._target, self._migration_id)
            wanted = sorted(broken - whole - self.gone)
        if self._climbed:
            rows = await self._target.fetch(_sql("attachments"), self._migration_id)
            self.gone |= {row["object_id"] for row in rows}
        await self._settle_tables(sorted(self.gone))
        await parts.forget(self._target, self._migration_id, sorted(self.gone))

    async def _refuse_unknown(self, objects: Sequence[str]) -> None:
        for row in await self._target.fetch(
            _sql("objects_done"), self._migration_id, list(objects)
        ):
            if row["kind"] in _WITHOUT_PARTS or row["has_parts"]:
                continue
            raise Terminal(
                f"{row['kind'].lower()} {row['name']} was made by an earlier version of Sterna, "
                "which did not write down what it made: roll back the whole migration",
                code="rollback_failed",
                details={"object": row["name"]},
            )

    async def _drop(self, part: Part, *, inherited: bool) -> bool:
        """Drop a part, unless it is gone; False where it has to wait for another."""
        root = await self._target.fetchrow(_sql("root"), *part.address)
        if root is None:
            return True
        if root["type"] == "rule" and await self._take_query(part):
            return True
        if root["inherited"] and not inherited:
            return False
        address = (root["classid"], root["objid"])
        ours = await parts.is_kept(self._target, self._migration_id, address)
        if not ours:
            raise _refusal(root["identity"])
        try:
            await self._target.execute(_statement(root))
        except asyncpg.DependentObjectsStillExistError:
            raise _refusal(root["identity"]) from None
        self._climbed = self._climbed or address != part.address
        self.count += 1
        return True

    async def _take_query(self, part: Part) -> bool:
        """Leave a view as it was made before what its query needs; False where it is none."""
        view = await self._target.fetchrow(_sql("queryless"), part.address[1])
        if view is None:
            return False
        name = qualified(view["schema"], view["name"])
        await self._target.execute(f"create or replace view {name} as select {view['columns']}")
        self.count += 1
        return True

    async def _settle_tables(self, objects: Sequence[str]) -> None:
        for row in await self._target.fetch(
            _sql("row_security"), self._migration_id, list(objects)
        ):
            table = qualified(row["schema"], row["name"])
            await self._target.execute(f"alter table {table} disable row level security")
            self.count += 1
        for row in await self._target.fetch(_sql("identities_without_index"), self._migration_id):
            table = qualified(row["schema"], row["name"])
            await self._target.execute(f"alter table only {table} replica identity default")


def _statement(root: asyncpg.Record) -> str:
    kind, identity, names = root["type"], root["identity"], root["names"]
    match kind:
        case "table constraint":
            schema, table, name = names
            return f"alter table {qualified(schema, table)} drop constraint {quote(name)}"
        case "domain constraint":
            name, _, domain = identity.rpartition(" on ")
            return f"alter domain {domain} drop constraint {name}"
        case "statistics object":
            return f"drop statistics {identity}"
        case _:
            return f"drop {kind} {identity} restrict"


def _refusal(identity: str) -> Terminal:
    return Terminal(
        f"nothing was dropped: something that Sterna did not make hangs on {identity}. Drop it, "
        "then try again",
        code="rollback_failed",
        details={"objects": [identity], "count": 1},
    )


def _sql(name: str) -> str:
    return statements("parts.sql")[name]
