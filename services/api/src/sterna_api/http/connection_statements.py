from functools import cache

from sterna_core.postgres.queries import load_queries


class ConnectionStatements:
    """What somebody's database is asked; read from `connection.sql` when the first is needed."""

    def __getitem__(self, name: str) -> str:
        return _statements()[name]


@cache
def _statements() -> dict[str, str]:
    return load_queries(__package__, "connection.sql")


CONNECTION_SQL = ConnectionStatements()
