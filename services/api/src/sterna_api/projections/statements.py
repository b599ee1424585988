from sterna_core.postgres.queries import load_queries


class Statements:
    """The statements of one `.sql` file of this package, read when the first is asked for."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._queries: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        if self._queries is None:
            self._queries = load_queries(__package__, self._file)
        return self._queries[name]
