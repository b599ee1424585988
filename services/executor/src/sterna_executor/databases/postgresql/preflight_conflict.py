"""Which names of the source are in use on the target already."""

from collections.abc import Iterator, Mapping, Sequence

from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.preflight_problem import Problem, shown

Name = tuple[str, str, str]
"""A space of names (relation, type, routine), a schema and a name."""


def conflict_problems(
    inventory: Inventory, index_names: Sequence[tuple[str, str]], there: Mapping[Name, str]
) -> Iterator[Problem]:
    """Tell which names clash with `there`, and whether the renaming is not possible."""
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
    if inventory.renames and len(inventory.schemas) > 1:
        yield Problem(
            "setting",
            f"target.schema {inventory.selection.target_schema} takes exactly one schema of the"
            f" source, and {len(inventory.schemas)} are selected ({shown(inventory.schemas)}):"
            " name one in source.schemas, or leave target.schema out",
        )


def _wanted(inventory: Inventory, index_names: Sequence[tuple[str, str]]) -> Iterator[Name]:
    def name(space: str, schema: str, text: str) -> Name:
        return (space, inventory.target_schema(schema), text)

    for table in inventory.tables:
        yield name("relation", table.schema, table.name)
    for view in inventory.views:
        yield name("relation", view.schema, view.name)
    for sequence in inventory.sequences:
        yield name("relation", sequence.schema, sequence.name)
    for schema, index in index_names:
        yield name("relation", schema, index)
    for made in inventory.user_types:
        space = "relation" if made.kind == "composite" else "type"
        yield name(space, made.schema, made.name)
    for routine in inventory.routines:
        yield name("routine", routine.schema, f"{routine.name}({routine.arguments})")
