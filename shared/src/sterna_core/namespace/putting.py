"""Whether a definition may be put beside the others, or taken away from them."""

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from sterna_core.errors import Rejected
from sterna_core.namespace.references import Reference, references
from sterna_core.namespace.resource import Resource
from sterna_core.namespace.state import Held

RESOURCES_MAX = 2_000
"""Resources of one namespace."""


def digest_of(resource: Resource) -> str:
    """Tell a definition from another; the order of its fields has no say."""
    return sha256(msgspec.json.encode(resource.definition, order="deterministic")).hexdigest()


def held(resource: Resource, others: Mapping[str, Held]) -> Held:
    """Give what is remembered of a resource beside others; raises Rejected.

    What a definition needs has to be there and not need it in turn. What is only attached may come
    later, but is of the right kind if it is there.
    """
    known = others.get(resource.resource_id)
    if known is not None and known.kind != resource.kind:
        raise Rejected(
            "resource_id_taken",
            f"This id is that of a {known.kind}; ids are unique in a namespace.",
            {"resource_type": known.kind},
        )
    if known is None and len(others) >= RESOURCES_MAX:
        raise Rejected(
            "too_many_resources", f"A namespace has at most {RESOURCES_MAX:,} resources."
        )
    kinds = {name: each.kind for name, each in others.items()}
    kinds[resource.resource_id] = resource.kind
    found = references(resource, kinds)
    for each in found:
        _check(each, kinds.get(each.target_id))
    needs = sorted({each.target_id for each in found if each.edge == "definition"})
    circle = _circle(resource.resource_id, tuple(needs), others)
    if circle:
        raise Rejected(
            "definition_cycle",
            "These definitions would need each other, so none could be made first.",
            {"cycle": list(circle)},
        )
    return Held(kind=resource.kind, digest=digest_of(resource), needs=tuple(needs))


def users_of(resource_id: str, others: Mapping[str, Held]) -> list[str]:
    """Give the resources whose definitions need one."""
    return sorted(name for name, each in others.items() if resource_id in each.needs)


def _check(reference: Reference, kind: str | None) -> None:
    details = {"resource_id": reference.target_id, "path": list(reference.path)}
    if kind is None and reference.edge == "definition":
        raise Rejected(
            "dangling_reference",
            f"The definition needs a {reference.target_kind} that is not there; put it first.",
            details,
        )
    if kind is not None and kind != reference.target_kind:
        raise Rejected(
            "wrong_reference",
            f"The definition names a {kind} where a {reference.target_kind} belongs.",
            details,
        )


def _circle(
    resource_id: str, needs: tuple[str, ...], others: Mapping[str, Held]
) -> tuple[str, ...]:
    """Give a way from a resource over what it needs back to itself, if there is one."""
    waiting: list[tuple[str, tuple[str, ...]]] = [(each, (resource_id,)) for each in needs]
    seen: set[str] = set()
    while waiting:
        name, way = waiting.pop()
        if name == resource_id:
            return (*way, name)
        if name not in seen and name in others:
            seen.add(name)
            waiting += [(each, (*way, name)) for each in others[name].needs]
    return ()
