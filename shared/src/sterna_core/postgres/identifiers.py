def quote(name: str) -> str:
    """Quote one identifier for PostgreSQL.

    Raises ValueError for a name that no PostgreSQL object can have.
    """
    if not name or "\0" in name:
        raise ValueError("an identifier is neither empty nor holds a NUL")
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """Quote a name with its schema."""
    return f"{quote(schema)}.{quote(name)}"


def literal(text: str) -> str:
    """Quote a string constant, for statements that take no parameters (DDL, COPY)."""
    if "\0" in text:
        raise ValueError("a PostgreSQL string holds no NUL")
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted
