"""What has to be there before what: the graph of a namespace's resources, in tiers."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated

from msgspec import Meta, Struct

from sterna_core.errors import Terminal
from sterna_core.namespace.references import references
from sterna_core.namespace.resource import KINDS, Resource, ResourceKind


class DefinitionCycle(Terminal):
    """Definitions need each other, so none of them can be made first."""

    code = "definition_cycle"


class Node(Struct, frozen=True):
    """A resource, what its definition needs, and how many steps lie below it at the most."""

    resource_id: str
    resource_type: ResourceKind
    dependencies: tuple[str, ...] = ()
    tier: Annotated[int, Meta(ge=0)] = 0


class Graph(Struct, frozen=True):
    """Every resource once; in the order of execution none comes before what it needs."""

    nodes: tuple[Node, ...] = ()
    execution_order: tuple[str, ...] = ()


def kinds_of(resources: Iterable[Resource]) -> dict[str, ResourceKind]:
    """Give the kind of every id."""
    return {each.resource_id: each.kind for each in resources}


def dependencies(resource: Resource, known: Mapping[str, ResourceKind]) -> tuple[str, ...]:
    """Give the ids that a definition needs, each once, sorted; those that are not there too."""
    found = {each.target_id for each in references(resource, known) if each.edge == "definition"}
    return tuple(sorted(found))


def graph_of(resources: Iterable[Resource]) -> Graph:
    """Order resources by their definition edges (Kahn 1962); attachments have no say.

    What is needed and not among the resources is nobody's node and no obstacle. Raises
    DefinitionCycle with the ids of one cycle.
    """
    by_id = {each.resource_id: each for each in resources}
    known = kinds_of(by_id.values())
    needs = {
        name: tuple(each for each in dependencies(resource, known) if each in by_id)
        for name, resource in by_id.items()
    }
    try:
        order = tuple(TopologicalSorter(needs).static_order())
    except CycleError as error:
        raise DefinitionCycle(
            "These definitions need each other; change one of them.",
            details={"cycle": list(error.args[1])},
        ) from None
    tiers: dict[str, int] = {}
    for name in order:
        tiers[name] = max((tiers[each] + 1 for each in needs[name]), default=0)
    ordered = sorted(by_id, key=lambda name: (tiers[name], KINDS.index(by_id[name].kind), name))
    return Graph(
        nodes=tuple(Node(name, by_id[name].kind, needs[name], tiers[name]) for name in ordered),
        execution_order=tuple(ordered),
    )
