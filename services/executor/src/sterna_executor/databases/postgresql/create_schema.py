"""What comes before the rows: created on the target in one transaction, with its ledger."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from sterna_core.group_error import foremost
from sterna_core.migration.plan import Selection
from sterna_core.migration.reports import PostObject
from sterna_core.postgres.identifiers import quote
from sterna_executor.databases.postgresql import bookkeeping, fence, ledger
from sterna_executor.databases.postgresql.blueprint import Blueprint, Draftsman, Login
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.fingerprint import take_fingerprint
from sterna_executor.databases.postgresql.placement import place
from sterna_executor.databases.postgresql.restore import restore, settle, try_restore
from sterna_executor.databases.postgresql.statements import statements

FINGERPRINT = "fingerprint"
CREATED = "created"
_LOGGED = 50

_log = structlog.get_logger(__name__)


class SchemaCreated(Struct, frozen=True, kw_only=True):
    """What the target holds now: how many objects of each kind, and what follows the rows.

    `skipped` names what was left out since it hangs on something that is not selected, and
    extensions that nothing refers to and that the target does not offer.
    """

    created: Mapping[str, int]
    skipped: tuple[str, ...]
    fingerprint_digest: str
    objects: tuple[PostObject, ...] = ()


async def create_schema(
    source: Connection,
    target: Connection,
    *,
    source_login: Login,
    target_login: Login,
    migration_id: str,
    epoch: int,
    selection: Selection,
    structure_digest: str | None,
    still_wanted: fence.StillWanted,
    pg_bin_dir: Path | None = None,
) -> SchemaCreated:
    """Create on the target what comes before the rows, and the ledger with it, or nothing.

    Both connections are in no transaction. May be repeated: what was created is found and
    reported again. `structure_digest` None skips the comparison with the plan. `still_wanted` says
    whether this is still wanted: a target that was rolled back has no fence to tell. Raises Terminal
    with the code `structure_changed` where the source is not what was planned, TargetConflict
    where the target has an object of that name, Fenced, MissingRight, InvalidRequest
    (`selection_incomplete`), Transient, and Terminal (`schema_not_created`).
    """
    async with alone(target, migration_id):
        known = await known_creation(target, migration_id, epoch)
        if known is not None:
            return known
        draftsman = Draftsman(migration_id, selection, pg_bin_dir)
        blueprint = await draftsman.draw(
            source, source_login, target, target_login, structure_digest
        )
        with translated("target"):
            async with target.transaction(isolation="read_committed"):
                await bookkeeping.create(target, migration_id, epoch)
                try:
                    async with asyncio.TaskGroup() as group:
                        # Not before the fence stands: a rollback that follows the answer meets it.
                        group.create_task(still_wanted())
                        made = await _create(target, migration_id, blueprint)
                except BaseExceptionGroup as group_error:
                    raise foremost(group_error) from None
                return made


@asynccontextmanager
async def alone(target: Connection, migration_id: str) -> AsyncGenerator[None]:
    """Keep another executor with the same task out; both would meet each other's objects."""
    sql = statements("create_schema.sql")
    with translated("target"):
        await target.execute(sql["lock"], migration_id)
    try:
        yield
    finally:
        if not target.is_closed():
            with translated("target"):
                await target.execute(sql["unlock"], migration_id)


async def known_creation(target: Connection, migration_id: str, epoch: int) -> SchemaCreated | None:
    """Give what an earlier attempt committed."""
    if not await bookkeeping.exists(target):
        return None
    with translated("target"):
        async with target.transaction(isolation="read_committed"):
            body = await ledger.read_part(target, migration_id, CREATED)
            if body is None:
                return None
            await fence.check(target, migration_id, epoch)
            known = msgspec.json.decode(body, type=SchemaCreated)
            objects = await ledger.read_objects(target, migration_id)
            return msgspec.structs.replace(known, objects=objects)


async def _create(target: Connection, migration_id: str, blueprint: Blueprint) -> SchemaCreated:
    await settle(target)
    fingerprint, before = await take_fingerprint(target)
    placement = await place(target, blueprint.before, blueprint.after, blueprint.extensions)
    for schema in placement.schemas:
        await target.execute(f"create schema {quote(schema)}")
    skipped = [*blueprint.skipped, *placement.skipped]
    tried = []
    for entry in placement.optional:
        if await try_restore(target, entry):
            tried.append(entry.tag)
        else:
            skipped.append(f"{entry.kind.lower()} {entry.name}")
    await restore(target, placement.entries)
    created = await ledger.made_now(target, before, tried)
    report = SchemaCreated(
        created=dict(sorted(Counter(entry.kind for entry in created).items())),
        skipped=tuple(skipped),
        fingerprint_digest=fingerprint.digest,
    )
    await ledger.add_created(target, migration_id, created)
    await ledger.add_objects(target, migration_id, blueprint.objects)
    await ledger.add_part(target, migration_id, FINGERPRINT, msgspec.json.encode(fingerprint))
    await ledger.add_part(target, migration_id, CREATED, msgspec.json.encode(report))
    objects = await ledger.read_objects(target, migration_id)
    _log.info("schema.created", created=report.created, skipped=skipped[:_LOGGED])
    return msgspec.structs.replace(report, objects=objects)
