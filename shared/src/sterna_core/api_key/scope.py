"""What a key may do: `<area>:<verb>`, `<area>:*`, `*:<verb>` or `*`."""

from collections.abc import Iterable

ANY = "*"
_VERBS = {
    "migrations": ("read", "write", "approve"),
    "connections": ("read", "write"),
    "validation": ("read", "write"),
    "webhooks": ("read", "write"),
    "admin": ("read", "write"),
}
SCOPES = tuple(f"{area}:{verb}" for area, verbs in _VERBS.items() for verb in verbs)
"""Every single right there is."""

PATTERNS = (
    *SCOPES,
    *(f"{area}:{ANY}" for area in _VERBS),
    *(f"{ANY}:{verb}" for verb in ("read", "write", "approve")),
    ANY,
)
"""Every word that a key's scopes can be."""

EVERYTHING = (ANY,)


def allows(scopes: Iterable[str], scope: str) -> bool:
    """Tell whether a key with `scopes` may do what needs one scope."""
    return any(_covers(pattern, scope) for pattern in scopes)


def within(wanted: Iterable[str], scopes: Iterable[str]) -> bool:
    """Tell whether everything that `wanted` allows is allowed by `scopes` too."""
    held = tuple(scopes)
    return all(
        pattern in held
        or ANY in held
        or (pattern != ANY and all(allows(held, each) for each in SCOPES if _covers(pattern, each)))
        for pattern in wanted
    )


def _covers(pattern: str, scope: str) -> bool:
    if pattern in {ANY, scope}:
        return True
    area, _, verb = pattern.partition(":")
    of_area, _, of_verb = scope.partition(":")
    return area in {ANY, of_area} and verb in {ANY, of_verb}
