"""What has to be so on the target."""

from collections.abc import Iterator

from sterna_core.postgres.identifiers import quote
from sterna_executor.databases.postgresql.bookkeeping import SCHEMA
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.preflight_extension import extension_problems
from sterna_executor.databases.postgresql.preflight_problem import Problem, quoted, shown
from sterna_executor.databases.postgresql.preflight_server import Server
from sterna_executor.databases.postgresql.preflight_source import connection_problems
from sterna_executor.databases.postgresql.preflight_target_facts import TargetFacts

OLDEST_TARGET_MAJOR = 14
_MARK = "Sterna bookkeeping"
_VIRTUAL_SINCE = 18
_SUPERUSER_LANGUAGES = {"internal", "c"}


def target_problems(inventory: Inventory, facts: TargetFacts, source: Server) -> Iterator[Problem]:
    """Tell what stands in the way on the target, but for names that clash."""
    yield from _state(facts.server)
    yield from _rights(inventory, facts)
    yield from _bookkeeping(facts)
    yield from extension_problems(inventory, facts.extensions, facts.server)
    yield from _abilities(inventory, facts, source)
    yield from _routines(inventory, facts)
    yield from connection_problems(facts.server, "target")


def row_target_problems(facts: TargetFacts) -> Iterator[Problem]:
    """Tell what stands in the way on a target that only takes rows, but for its tables."""
    yield from _state(facts.server)
    server = facts.server
    if not server.may_create_schemas:
        yield Problem(
            "right",
            f"on the target {server.role} lacks CREATE on the database, for the schema {SCHEMA}:"
            f" GRANT CREATE ON DATABASE {quote(server.database)} TO {quote(server.role)}",
        )
    yield from _temporary(server)
    yield from _bookkeeping(facts)
    yield from connection_problems(server, "target")


def _state(server: Server) -> Iterator[Problem]:
    if server.in_recovery:
        yield Problem(
            "setting",
            "the target server is a standby and takes no writes: enter its primary, or promote it"
            " (SELECT pg_promote())",
        )
    elif server.read_only_default:
        for statement in _writable(server):
            yield Problem(
                "setting",
                f"default_transaction_read_only is on for {server.role} in {server.database} on"
                f" the target: {statement}",
            )
    if server.major < OLDEST_TARGET_MAJOR:
        yield Problem(
            "setting",
            f"the target server is PostgreSQL {server.major}; the oldest that can be migrated into"
            f" is {OLDEST_TARGET_MAJOR}",
        )


def _writable(server: Server) -> Iterator[str]:
    if not server.read_only_set_by:
        yield "ALTER SYSTEM RESET default_transaction_read_only, then SELECT pg_reload_conf()"
    for for_database, for_role in server.read_only_set_by:
        role = f"ROLE {quote(server.role)}" if for_role else ""
        database = f"DATABASE {quote(server.database)}" if for_database else ""
        what = f"{role} IN {database}" if role and database else role or database or "ROLE ALL"
        yield f"ALTER {what} RESET default_transaction_read_only"


def _rights(inventory: Inventory, facts: TargetFacts) -> Iterator[Problem]:
    server = facts.server
    role = quote(server.role)
    if not server.may_create_schemas:
        new = sorted(
            {inventory.target_schema(name) for name in inventory.schemas} - set(facts.schemas)
        )
        what = f"the schemas {shown([SCHEMA, *new])}" if new else f"the schema {SCHEMA}"
        yield Problem(
            "right",
            f"on the target {server.role} lacks CREATE on the database, for {what}:"
            f" GRANT CREATE ON DATABASE {quote(server.database)} TO {role}",
        )
    yield from _temporary(server)
    closed = sorted(name for name, open_ in facts.schemas.items() if not open_)
    if closed:
        yield Problem(
            "right",
            f"on the target {server.role} lacks USAGE and CREATE on schema {shown(closed)}:"
            f" GRANT USAGE, CREATE ON SCHEMA {quoted(closed)} TO {role}",
        )
    if inventory.renames and not (server.superuser or server.may_create_databases):
        yield Problem(
            "right",
            f"on the target {server.role} lacks CREATEDB, which renaming schemas takes:"
            f" ALTER ROLE {role} CREATEDB, or leave target.schema out",
        )


def _temporary(server: Server) -> Iterator[Problem]:
    if not server.may_create_temporary:
        yield Problem(
            "right",
            f"on the target {server.role} lacks TEMPORARY on the database, which mending rows"
            f" takes: GRANT TEMPORARY ON DATABASE {quote(server.database)} TO {quote(server.role)}",
        )


def _bookkeeping(facts: TargetFacts) -> Iterator[Problem]:
    if facts.bookkeeping is None:
        return
    mark, ours = facts.bookkeeping
    if not mark.startswith(_MARK):
        yield Problem(
            "conflict",
            f"the target has a schema {SCHEMA} that Sterna did not make: rename it"
            f" (ALTER SCHEMA {quote(SCHEMA)} RENAME TO …) or drop it",
        )
    elif not ours:
        yield Problem(
            "right",
            f"the schema {SCHEMA} on the target belongs to a role that {facts.server.role} is not"
            f" a member of: end the migration that made it, or REASSIGN OWNED BY that role",
        )


def _abilities(inventory: Inventory, facts: TargetFacts, source: Server) -> Iterator[Problem]:
    missing = sorted(
        each.name
        for each in inventory.types.values()
        if each.schema in {"pg_catalog", "information_schema"}
        and (each.schema, each.name) not in facts.types
    )
    if missing:
        yield Problem(
            "setting",
            f"PostgreSQL {facts.server.major} on the target has no type {shown(missing)}, which"
            f" PostgreSQL {source.major} on the source has: use a newer target server, or exclude"
            " the tables that use it",
        )
    virtual = [
        table.id
        for table in inventory.tables
        if any(column.generated == "virtual" for column in table.columns)
    ]
    if virtual and facts.server.major < _VIRTUAL_SINCE:
        yield Problem(
            "setting",
            f"virtual generated columns ({shown(virtual)}) take PostgreSQL {_VIRTUAL_SINCE} on the"
            f" target, which is {facts.server.major}: use a newer target server, or exclude the"
            " tables",
        )
    unknown = [name for name in inventory.collations if name not in facts.collations]
    if unknown:
        yield Problem(
            "setting",
            f"the target server has no collation {shown(unknown)}: install the locale there and"
            " run SELECT pg_import_system_collations('pg_catalog')",
        )
    for each in inventory.dependencies:
        if each.kind in {"table", "type"} and each.needs_kind in {"type", "routine"}:
            yield Problem(
                "setting",
                f"{each.schema}.{each.name} needs the {each.needs_kind}"
                f" {each.needs_schema}.{each.needs_name}, and schema {each.needs_schema} is not"
                " selected: select it too, or exclude the table",
            )


def _routines(inventory: Inventory, facts: TargetFacts) -> Iterator[Problem]:
    languages = {routine.language for routine in inventory.routines}
    absent = sorted(languages - facts.languages)
    if absent:
        yield Problem(
            "setting",
            f"the target has no language {shown(absent)}, in which routines of the source are"
            f" written: CREATE EXTENSION {quoted(absent)}",
        )
    if facts.server.superuser:
        return
    reserved = [
        f"{routine.schema}.{routine.name}"
        for routine in inventory.routines
        if not routine.trusted and routine.language in facts.languages
    ]
    base = [f"{made.schema}.{made.name}" for made in inventory.user_types if made.kind == "base"]
    if reserved or base:
        yield Problem(
            "right",
            f"only a superuser of the target can create {shown([*reserved, *base])} (an untrusted"
            f" language, or a type written in C): enter as one, or have one run"
            f" ALTER ROLE {quote(facts.server.role)} SUPERUSER for the time of the migration",
        )
