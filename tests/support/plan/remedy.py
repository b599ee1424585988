"""Doing what an error says puts it right."""

import re

from sterna_core.errors import SternaError


def remedies(error: SternaError) -> list[str]:
    """Find the first statement that each problem of an error names."""
    found = []
    for problem in error.details["problems"]:
        match = re.search(r": (?:have a superuser run )?((?:GRANT|ALTER|CREATE|DROP) .+)", problem)
        if match is not None:
            statement = re.split(r", or | in [a-z_0-9]+$|, then ", match[1])[0]
            found.append(statement)
    return found
