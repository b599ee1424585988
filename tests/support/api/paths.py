"""Addresses of what nobody has, for tests that walk over every operation."""

import re

from sterna_api.openapi.parameters import PREFIXES

NOBODYS = "0" * 32


def filled(path: str) -> str:
    """Put an id of nothing in each place of a path."""
    return re.sub(r"\{(\w+)\}", lambda found: PREFIXES.get(found[1], "any_") + NOBODYS, path)
