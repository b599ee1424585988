"""Shell-like patterns for table names, matched in time linear in the name."""


class Glob:
    """A pattern: `*` stands for any text, `?` for one character, everything else for itself.

    The whole text has to match, and case counts. The pattern is an automaton whose set of states
    is one integer, so that no pattern makes a match slow: each character costs one step.
    """

    __slots__ = ("_any", "_end", "_loops", "_places", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._loops = 0  # states that any character leaves where they are
        self._any = 0  # states that any character moves on
        self._places: dict[str, int] = {}  # states that this character moves on
        state = 1
        for character in pattern:
            if character == "*":
                self._loops |= state
                continue
            if character == "?":
                self._any |= state
            else:
                self._places[character] = self._places.get(character, 0) | state
            state <<= 1
        self._end = state

    def matches(self, text: str) -> bool:
        """Tell whether the pattern stands for all of `text`."""
        states = 1
        for character in text:
            moved = states & (self._any | self._places.get(character, 0))
            states = (moved << 1) | (states & self._loops)
            if not states:
                return False
        return bool(states & self._end)


class TableGlobs:
    """Patterns over table names: each is tried on `table` and on `schema.table`."""

    __slots__ = ("_globs",)

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._globs = tuple(Glob(pattern) for pattern in patterns)

    def match(self, schema: str, table: str) -> bool:
        """Tell whether one of the patterns stands for the table."""
        full = f"{schema}.{table}"
        return any(glob.matches(table) or glob.matches(full) for glob in self._globs)

    def unused(self, names: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        """Give the patterns that stand for none of `names` (schema and table)."""
        return tuple(
            glob.pattern
            for glob in self._globs
            if not any(
                glob.matches(table) or glob.matches(f"{schema}.{table}") for schema, table in names
            )
        )
