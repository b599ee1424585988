"""Whether every foreign key of some tables refers to a row that is there: on the target's rows."""

import asyncpg

from sterna_core.migration.plan import Selection
from sterna_core.migration.validation_events import Finding
from sterna_core.postgres.identifiers import qualified, quote
from sterna_core.tasks.validation_work import ValidateReferences
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.statements import statements

_BEGIN = "begin isolation level repeatable read read only"
_WORK_MEMORY = "set local work_mem = '64MB'"


async def check_references(assignment: Assignment, work: ValidateReferences) -> list[Finding]:
    """Count the orphans of every foreign key that the source declares on these tables.

    Those that are NOT VALID count too. On the target the foreign keys themselves may not be there
    yet. Raises what `translated` makes of the driver's errors.
    """
    async with assignment.source.session() as source:
        with translated("source"):
            keys = await source.fetch(
                _sql("foreign_keys"),
                [table.source_schema for table in work.tables],
                [table.source_table for table in work.tables],
            )
    if not keys:
        return []
    async with assignment.target.session() as target:
        with translated("target"):
            await target.execute(f"{_BEGIN}; {_WORK_MEMORY}")
            found = [await _check(target, key, work.selection) for key in keys]
            await target.execute("rollback")
    return found


async def _check(target: Connection, key: asyncpg.Record, selection: Selection) -> Finding:
    rename = selection.target_schema
    child = qualified(rename or key["schema"], key["table_name"])
    parent = qualified(rename or key["referenced_schema"], key["referenced_table"])
    subject = f"{key['schema']}.{key['table_name']}.{key['name']}"
    if not await target.fetchval(_sql("is_there"), parent):
        text = "what it refers to was not migrated, and so it is not created"
        return Finding(subject=subject, passed=True, text=text)
    orphans = int(await target.fetchval(_orphans(key, child, parent)))
    return Finding(
        subject=subject,
        passed=not orphans,
        text=f"{orphans} rows refer to nothing" if orphans else "",
        figures={"orphans": orphans, "validated_on_source": key["validated"]},
    )


def _orphans(key: asyncpg.Record, child: str, parent: str) -> str:
    pairs = zip(key["columns"], key["referenced_columns"], key["operators"], strict=True)
    match = " and ".join(
        f"p.{quote(referenced)} {operator} c.{quote(column)}"
        for column, referenced, operator in pairs
    )
    present = " and ".join(f"c.{quote(column)} is not null" for column in key["columns"])
    only = "" if key["referenced_is_partitioned"] else "only "
    orphan = f"{present} and not exists (select from {only}{parent} p where {match})"
    if key["match_full"]:
        nulls = " and ".join(f"c.{quote(column)} is null" for column in key["columns"])
        orphan = f"({orphan}) or not (({present}) or ({nulls}))"
    return f"select pg_catalog.count(*) from only {child} c where {orphan}"


def _sql(name: str) -> str:
    return statements("references_check.sql")[name]
