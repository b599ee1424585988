"""What is to be created on the target, as the source describes it."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from sterna_core.connection.endpoint import Endpoint
from sterna_core.migration.plan import Selection
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.archive import Entry, read_archive
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.drift import refuse_drift
from sterna_executor.databases.postgresql.dump import Dumped, dump_schema
from sterna_executor.databases.postgresql.errors import Role, translated
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_object import Extension
from sterna_executor.databases.postgresql.inventory_reader import read_inventory
from sterna_executor.databases.postgresql.ledger import Address, LaterObject
from sterna_executor.databases.postgresql.left_out import read_left_out
from sterna_executor.databases.postgresql.objects import plan_objects, read_facts
from sterna_executor.databases.postgresql.restore import settle
from sterna_executor.databases.postgresql.scratch import rename_schemas, scratch_database
from sterna_executor.databases.postgresql.statements import statements
from sterna_executor.databases.postgresql.toc import Contents, select_entries


class Login(Struct, frozen=True, kw_only=True):
    """Where a database is, and the opened password, for what opens connections of its own."""

    endpoint: Endpoint
    password: Secret


class Blueprint(Struct, frozen=True, kw_only=True):
    """Entries for before the rows and after them, the latter arranged into objects too.

    `skipped` names what was left out since it hangs on something that is not selected.
    """

    before: tuple[Entry, ...]
    after: tuple[Entry, ...]
    objects: tuple[LaterObject, ...]
    extensions: tuple[Extension, ...]
    skipped: tuple[str, ...]


class Draftsman:
    """Draws the blueprint of a migration, from the source or from a copy whose schemas were renamed."""

    def __init__(self, migration_id: str, selection: Selection, pg_bin_dir: Path | None) -> None:
        self._migration_id = migration_id
        self._selection = selection
        self._pg_bin_dir = pg_bin_dir

    async def draw(
        self,
        source: Connection,
        source_login: Login,
        target: Connection,
        target_login: Login,
        structure_digest: str | None,
    ) -> Blueprint:
        """Read the source's schema as of one moment; both connections are in no transaction.

        Where a schema gets another name, a scratch database is used beside the target.
        """
        with translated("source"):
            async with source.transaction(isolation="repeatable_read", readonly=True):
                snapshot_id = await source.fetchval(statements("blueprint.sql")["export_snapshot"])
                inventory = await read_inventory(source, self._selection)
                refuse_drift(inventory, structure_digest)
                extensions = _extensions_of(inventory)
                contents = await self._dump(
                    source_login,
                    "source",
                    Dumped(
                        schemas=inventory.schemas if inventory.renames else self._selection.schemas,
                        excluded_tables=inventory.excluded_names,
                        extensions=tuple(extension.name for extension in extensions),
                    ),
                    await read_left_out(source, inventory),
                    snapshot_id,
                )
                if not inventory.renames:
                    await settle(source)
                    return await self._blueprint(source, contents, extensions, {})
        return await self._renamed(target, target_login, contents, inventory, extensions)

    async def _renamed(
        self,
        target: Connection,
        target_login: Login,
        contents: Contents,
        inventory: Inventory,
        extensions: tuple[Extension, ...],
    ) -> Blueprint:
        olds, new = tuple(sorted(inventory.renames)), self._selection.target_schema or ""
        schemas = {entry.schema for entry in contents.before if entry.schema}
        schemas |= {*inventory.schemas, *(extension.schema for extension in extensions)}
        homes = {
            (inventory.target_schema(table.schema), table.name): table.schema
            for table in inventory.tables
        }
        async with scratch_database(
            target, target_login.endpoint, target_login.password, self._migration_id
        ) as (scratch, place):
            await rename_schemas(scratch, (*contents.before, *contents.after), olds, new, schemas)
            renamed = await self._dump(
                Login(endpoint=place, password=target_login.password),
                "target",
                Dumped(schemas=(new,), extensions=tuple(e.name for e in extensions)),
                frozenset(),
                None,
            )
            with translated("target"):
                async with scratch.transaction(isolation="read_committed"):
                    await settle(scratch)
                    drawn = await self._blueprint(scratch, renamed, extensions, homes)
        return drawn

    async def _dump(
        self,
        login: Login,
        role: Role,
        dumped: Dumped,
        left_out: frozenset[Address],
        snapshot_id: str | None,
    ) -> Contents:
        archive = await dump_schema(
            login.endpoint,
            login.password,
            dumped,
            role=role,
            snapshot_id=snapshot_id,
            pg_bin_dir=self._pg_bin_dir,
        )
        return select_entries(read_archive(archive), left_out, frozenset(dumped.extensions))

    async def _blueprint(
        self,
        dumped: Connection,
        contents: Contents,
        extensions: tuple[Extension, ...],
        homes: Mapping[tuple[str, str], str],
    ) -> Blueprint:
        facts = await read_facts(dumped, contents.after)
        return Blueprint(
            before=contents.before,
            after=contents.after,
            objects=plan_objects(self._migration_id, contents.before, contents.after, facts, homes),
            extensions=extensions,
            skipped=contents.skipped,
        )


def _extensions_of(inventory: Inventory) -> tuple[Extension, ...]:
    """Give the extensions that selected objects need, and those that only text could name.

    What the body of a function uses is not known to the catalogs, so what seems unused may be.
    """
    unsure = not inventory.selection.schemas or bool(inventory.routines)
    return tuple(e for e in inventory.extensions if e.used or unsure)
