"""What preflight would have found out about servers without a blemish."""

from typing import Any

from sterna_core.migration.plan import Selection
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_table import TypeInfo
from sterna_executor.databases.postgresql.preflight_server import Server
from sterna_executor.databases.postgresql.preflight_source import SourceFacts
from sterna_executor.databases.postgresql.preflight_target_facts import TargetFacts

INT4 = TypeInfo(
    oid=23,
    schema="pg_catalog",
    name="int4",
    kind="base",
    builtin=True,
    extension=None,
    binary=True,
    element=None,
    base=None,
    parts=(),
)


def a_server(**changed: Any) -> Server:
    values: dict[str, Any] = {
        "version": 180000,
        "database": "shop",
        "encoding": "UTF8",
        "collate": "C.UTF-8",
        "ctype": "C.UTF-8",
        "locale_provider": "c",
        "locale": None,
        "frozen_age": 1000,
        "in_recovery": False,
        "role": "mover",
        "superuser": False,
        "may_create_databases": True,
        "may_create_schemas": True,
        "may_create_temporary": True,
        "free_connections": 90,
        "max_connections": 100,
        "lock_slots": 6400,
        "max_locks": 64,
        "standby_feedback": False,
        "snapshots_expire": False,
        "read_only_default": False,
    }
    return Server(**{**values, **changed})


def an_inventory(**changed: Any) -> Inventory:
    values: dict[str, Any] = {
        "selection": Selection(),
        "schemas": ("shop",),
        "other_schemas": (),
        "tables": (),
        "excluded": (),
        "unused_patterns": (),
        "types": {23: INT4},
        "user_types": (),
        "foreign_keys": (),
        "sequences": (),
        "views": (),
        "routines": (),
        "extensions": (),
        "features": {},
        "dependencies": (),
        "split": (),
        "collations": (),
        "bodies_naming_schemas": (),
        "comments": 0,
    }
    return Inventory(**{**values, **changed})


def source_facts(**changed: Any) -> SourceFacts:
    values: dict[str, Any] = {
        "server": a_server(),
        "unusable_schemas": (),
        "unreadable": (),
        "index_names": (),
    }
    return SourceFacts(**{**values, **changed})


def target_facts(**changed: Any) -> TargetFacts:
    values: dict[str, Any] = {
        "server": a_server(),
        "schemas": {},
        "names": {},
        "extensions": {},
        "languages": frozenset({"sql", "plpgsql", "c", "internal"}),
        "types": frozenset({("pg_catalog", "int4")}),
        "needed_objects": frozenset(),
        "collations": frozenset(),
        "bookkeeping": None,
    }
    return TargetFacts(**{**values, **changed})
