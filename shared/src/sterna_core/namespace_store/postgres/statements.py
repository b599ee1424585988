from functools import cache

from sterna_core.postgres.queries import load_queries


@cache
def statements(file: str) -> dict[str, str]:
    """Give the statements of one of this folder's files by name."""
    return load_queries(__package__, file)
