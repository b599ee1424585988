from functools import cache

from sterna_core.postgres.queries import load_queries

_PACKAGE = "sterna_executor.databases.postgresql"


@cache
def statements(file: str) -> dict[str, str]:
    """Give the statements of a `.sql` file of this folder by name; it is read once, when needed."""
    return load_queries(_PACKAGE, file)
