import re
from collections.abc import Sequence


def place_in_copy(context: str, table: str, columns: Sequence[str]) -> dict[str, int | str]:
    """Take from the context of a refused row its `line` and `column`, and nothing of its values.

    The words around them are in the language of the server; the names are known.
    """
    for text in context.splitlines():
        found = re.match(rf"COPY {re.escape(table)}, \D{{0,30}}(\d+)", text)
        if found is None:
            continue
        rest = text[found.end() :]
        named = [name for name in columns if re.match(rf", \S+ {re.escape(name)}(:|$)", rest)]
        column = {"column": max(named, key=len)} if named else {}
        return {"line": int(found[1]), **column}
    return {}
