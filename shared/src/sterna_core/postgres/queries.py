import re
from importlib.resources import files

_BLOCK = re.compile(r"^-- name: (?P<name>[a-z0-9_]+)[ \t]*$", re.MULTILINE)


def load_queries(package: str, file: str) -> dict[str, str]:
    """Read a `.sql` file of a package: each block begins with `-- name: x`, then a description.

    Gives the statements by name. Raises ValueError where a block has no description or two
    blocks share a name.
    """
    text = files(package).joinpath(file).read_text(encoding="utf-8")
    heads = list(_BLOCK.finditer(text))
    queries: dict[str, str] = {}
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.end() : following.start() if following else len(text)].strip()
        name = head["name"]
        if not body.startswith("-- "):
            raise ValueError(f"{file}: {name} has no description")
        if name in queries:
            raise ValueError(f"{file}: {name} stands twice")
        queries[name] = body
    return queries
