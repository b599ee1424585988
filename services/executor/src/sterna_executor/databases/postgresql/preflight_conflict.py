"""Which names of the source are in use on the target already."""

from collections.abc import Iterator, Mapping, Sequence

from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.preflight_problem import Problem, shown

Name = tuple[str, str, str]
"""A space of names (relation, type, routine), a schema and a name."""


def conflict_problems(
    inventory: Inventory, index_names: Sequence[tuple[str, str]], there: Mapping[Name, str]
) -> Iterator[Problem]:
    """Tell which names clash with `there`, and with each other where schemas become one."""
    wanted = list(_wanted(inventory, index_names))
    taken: dict[str, list[str]] = {}
    for name in dict.fromkeys(wanted):
        kind = there.get(name)
        if kind is not None:
            taken.setdefault(kind, []).append(f"{name[1]}.{name[2]}")
    if taken:
        count = sum(len(names) for names in taken.values())
        listed = "; ".join(f"{kind} {shown(names)}" for kind, names in taken.items())
        yield Problem(
            "conflict",
            f"the target already holds {count} {'object' if count == 1 else 'objects'} of the"
            f" same name ({listed}): drop or rename what is there, choose another target schema,"
            " or exclude the tables",
        )
    met = _met(inventory, index_names) if inventory.renames else []
    if met:
        yield Problem(
            "conflict",
            f"{shown(met)} of several schemas would be called alike in {inventory.selection.target_schema}:"
            " rename or exclude one of each, name fewer schemas in source.schemas, or leave"
            " target.schema out",
        )


def _met(inventory: Inventory, index_names: Sequence[tuple[str, str]]) -> list[str]:
    """Name what several schemas have that become one."""
    homes: dict[tuple[bool, str, str], set[str]] = {}
    for space, home, text in _named(inventory, index_names):
        # A table has a type of its own name.
        key = (space == "routine", inventory.target_schema(home), text)
        homes.setdefault(key, set()).add(home)
    return [text for (_, _, text), schemas in homes.items() if len(schemas) > 1]


def _wanted(inventory: Inventory, index_names: Sequence[tuple[str, str]]) -> Iterator[Name]:
    for space, schema, text in _named(inventory, index_names):
        yield (space, inventory.target_schema(schema), text)


def _named(inventory: Inventory, index_names: Sequence[tuple[str, str]]) -> Iterator[Name]:
    """Give each name as it is on the source."""
    for table in inventory.tables:
        yield ("relation", table.schema, table.name)
    for view in inventory.views:
        yield ("relation", view.schema, view.name)
    for sequence in inventory.sequences:
        yield ("relation", sequence.schema, sequence.name)
    for schema, index in index_names:
        yield ("relation", schema, index)
    for made in inventory.user_types:
        space = "relation" if made.kind == "composite" else "type"
        yield (space, made.schema, made.name)
    for routine in inventory.routines:
        signature = f"{routine.name}({routine.arguments})"
        yield ("routine", routine.schema, signature)
