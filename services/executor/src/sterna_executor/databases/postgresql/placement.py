"""How what is to be created meets what the target has already."""

from collections.abc import Iterable

from msgspec import Struct

from sterna_core.errors import TargetConflict, Terminal
from sterna_executor.databases.postgresql.archive import Entry
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.inventory_object import Extension
from sterna_executor.databases.postgresql.inventory_table import table_id
from sterna_executor.databases.postgresql.statements import statements

_NAMED = 20
_PUBLIC = "public"
_IN_SCHEMA = frozenset(
    {"TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "INDEX", "TYPE", "DOMAIN"}
)


class Placement(Struct, frozen=True, kw_only=True):
    """What to run on a target: schemas, then extensions that may fail, then entries in order."""

    schemas: tuple[str, ...]
    optional: tuple[Entry, ...]
    entries: tuple[Entry, ...]
    skipped: tuple[str, ...]


async def place(
    target: Connection,
    before: Iterable[Entry],
    after: Iterable[Entry],
    extensions: Iterable[Extension],
) -> Placement:
    """Leave out schemas, extensions and languages that the target has, with their comments.

    Raises TargetConflict where a relation or a type of a name to be created is there, and Terminal
    with the code `extension_missing` or `extension_elsewhere` where a needed extension is not
    offered or is in another schema than on the source.
    """
    before, after = tuple(before), tuple(after)
    await _refuse_conflicts(target, (*before, *after))
    wanted = {extension.name: extension for extension in extensions}
    needed_schemas = {entry.schema for entry in before if entry.schema}
    needed_schemas |= {entry.tag for entry in before if entry.kind == "SCHEMA"}
    offered = await _offered(target, wanted)
    skipped: list[str] = []
    left: set[int] = set()
    optional: list[Entry] = []
    for entry in before:
        if entry.kind == "EXTENSION" and entry.tag in wanted:
            extension = wanted[entry.tag]
            if entry.tag not in offered and extension.used:
                raise Terminal(
                    f"the target does not offer the extension {extension.name}: install it there",
                    code="extension_missing",
                    details={"extension": extension.name},
                )
            if entry.tag not in offered:
                skipped.append(f"extension {extension.name}")
                left.add(entry.dump_id)
            elif (present := offered[entry.tag]) is not None:
                if present != extension.schema and extension.used:
                    raise Terminal(
                        f"the extension {extension.name} is in the schema {extension.schema} of "
                        f"the source and in {present} of the target: move it there with "
                        "ALTER EXTENSION … SET SCHEMA",
                        code="extension_elsewhere",
                        details={"extension": extension.name, "schema": extension.schema},
                    )
                left.add(entry.dump_id)
            else:
                needed_schemas.add(extension.schema)
                if not extension.used:
                    optional.append(entry)
    present_schemas = await _present(target, needed_schemas | {_PUBLIC})
    languages = {row["lanname"] for row in await target.fetch(_sql("languages"))}
    kept = []
    unsure = {entry.dump_id for entry in optional}
    for entry in before:
        there = (entry.kind == "SCHEMA" and entry.tag in present_schemas) or (
            entry.kind == "PROCEDURAL LANGUAGE" and entry.tag in languages
        )
        orphan = entry.kind == "COMMENT" and (
            not left.isdisjoint(entry.depends_on[:1])
            # The schema that every database has is not itself in the archive.
            or (entry.tag == f"SCHEMA {_PUBLIC}" and _PUBLIC in present_schemas)
        )
        if there or orphan or entry.dump_id in left:
            left.add(entry.dump_id)
        elif entry.kind == "COMMENT" and not unsure.isdisjoint(entry.depends_on[:1]):
            optional.append(entry)
        elif entry.kind != "SCHEMA" and entry.dump_id not in unsure:
            kept.append(entry)
    return Placement(
        schemas=tuple(sorted(needed_schemas - present_schemas)),
        optional=tuple(optional),
        entries=tuple(kept),
        skipped=tuple(skipped),
    )


async def _refuse_conflicts(target: Connection, entries: tuple[Entry, ...]) -> None:
    names = [(entry.schema, entry.tag) for entry in entries if entry.kind in _IN_SCHEMA]
    taken = await target.fetch(
        _sql("taken"), [schema for schema, _ in names], [name for _, name in names]
    )
    if taken:
        objects = [table_id(row["schema"], row["name"]) for row in taken]
        more = f" and {len(objects) - _NAMED} more" if len(objects) > _NAMED else ""
        raise TargetConflict(
            f"the target already holds {', '.join(objects[:_NAMED])}{more}: rename or drop what "
            "is there, exclude the tables, or choose another target",
            details={"objects": objects[:_NAMED], "count": len(objects)},
        )


async def _offered(target: Connection, wanted: Iterable[str]) -> dict[str, str | None]:
    names = list(wanted)
    if not names:
        return {}
    rows = await target.fetch(_sql("extensions"), names)
    found: dict[str, str | None] = {row["name"]: None for row in rows}
    return found | {row["name"]: row["schema"] for row in rows if row["schema"] is not None}


async def _present(target: Connection, schemas: Iterable[str]) -> set[str]:
    rows = await target.fetch(_sql("schemas"), list(schemas))
    return {row["nspname"] for row in rows}


def _sql(name: str) -> str:
    return statements("placement.sql")[name]
