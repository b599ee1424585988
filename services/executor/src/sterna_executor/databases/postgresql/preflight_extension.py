"""Which extensions the target has or can be given."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from sterna_core.postgres.identifiers import quote
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_object import Extension
from sterna_executor.databases.postgresql.preflight_problem import Problem
from sterna_executor.databases.postgresql.preflight_server import Server


class ExtensionThere(Struct, frozen=True, kw_only=True):
    """An extension on the target: the version installed, in which schema, and the one offered.

    `for_everybody` says whether installing it takes no superuser.
    """

    installed: str | None
    offered: str | None
    for_everybody: bool
    schema: str | None


def extension_problems(
    inventory: Inventory, there: Mapping[str, ExtensionThere], server: Server
) -> Iterator[Problem]:
    """Tell which extensions that are needed cannot be had on the target."""
    for extension in inventory.extensions:
        if extension.used:
            yield from _problems(
                extension, there.get(extension.name), server, renamed=bool(inventory.renames)
            )


def _problems(
    extension: Extension,
    there: ExtensionThere | None,
    server: Server,
    *,
    renamed: bool,
) -> Iterator[Problem]:
    name = extension.name
    if there is None:
        yield Problem(
            "setting",
            f"the target server does not offer the extension {name}, which the source uses:"
            " install the package that brings it, or exclude the tables that use it",
        )
        return
    may_install = server.superuser or (there.for_everybody and server.may_create_schemas)
    if there.installed is None and not may_install:
        yield Problem(
            "right",
            f"{server.role} may not install the extension {name} on the target: have a superuser"
            f" run CREATE EXTENSION {quote(name)} WITH SCHEMA {quote(extension.schema)} CASCADE in"
            f" {server.database}",
        )
    elif there.installed is not None and there.schema != extension.schema:
        yield Problem(
            "setting",
            f"the extension {name} is in schema {there.schema} on the target and in"
            f" {extension.schema} on the source: ALTER EXTENSION {quote(name)} SET SCHEMA"
            f" {quote(extension.schema)}",
        )
    elif renamed and not may_install:
        yield Problem(
            "right",
            f"renaming schemas takes a database beside the target in which {server.role} may"
            f" install the extension {name}, and only a superuser may: leave target.schema out, or"
            f" ALTER ROLE {quote(server.role)} SUPERUSER for the time of the migration",
        )
