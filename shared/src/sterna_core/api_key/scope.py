"""What a key may do: `<area>:<verb>`, `<area>:*`, `*:<verb>` or `*`."""

from collections.abc import Iterable
from typing import Literal, get_args

Scope = Literal[
    "migrations:read",
    "migrations:write",
    "migrations:approve",
    "connections:read",
    "connections:write",
    "validation:read",
    "validation:write",
    "webhooks:read",
    "webhooks:write",
    "namespaces:read",
    "namespaces:write",
    "admin:read",
    "admin:write",
]
"""One right."""

Grant = Literal[
    "migrations:read",
    "migrations:write",
    "migrations:approve",
    "connections:read",
    "connections:write",
    "validation:read",
    "validation:write",
    "webhooks:read",
    "webhooks:write",
    "namespaces:read",
    "namespaces:write",
    "admin:read",
    "admin:write",
    "migrations:*",
    "connections:*",
    "validation:*",
    "webhooks:*",
    "namespaces:*",
    "admin:*",
    "*:read",
    "*:write",
    "*:approve",
    "*",
]
"""One entry of a key's scopes: a right, or many by a wildcard."""

ANY = "*"
FEED = "calendar:read"
"""What the address of a calendar may do, and nothing else may be given with it: read the calendar."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
GRANTS: tuple[Grant, ...] = get_args(Grant)
EVERYTHING: tuple[str, ...] = (ANY,)
"""The scopes of a key that was made without any."""


def allows(held: Iterable[str], scope: str) -> bool:
    """Tell whether a key with the scopes `held` may do what needs one right."""
    return any(_covers(grant, scope) for grant in held)


def within(wanted: Iterable[str], held: Iterable[str]) -> bool:
    """Tell whether everything that `wanted` allows is allowed by `held` too.

    Of what a wildcard will mean when there are more rights, only another wildcard is sure.
    """
    mine = tuple(held)
    return all(any(_covers(grant, each) for grant in mine) for each in wanted)


def _covers(grant: str, wanted: str) -> bool:
    """Tell whether a grant allows a right, or all that another grant does."""
    if grant in {ANY, wanted}:
        return True
    if wanted == ANY:
        return False
    area, _, verb = grant.partition(":")
    wanted_area, _, wanted_verb = wanted.partition(":")
    return area in {ANY, wanted_area} and verb in {ANY, wanted_verb}
