"""A cast that refuses to lose anything, for values that nobody has looked at."""

from sterna_core.postgres.identifiers import quote
from sterna_executor.databases.postgresql.cast import Cast


def strict(column: str, cast: Cast, target_type: str) -> str | None:
    """Give an expression that is the cast's value, and an error where a value would be changed.

    None where nothing can be lost. The error is 22011, which little else raises: a negative length.
    That depends on the row, or else the server would meet it before it has seen one.
    """
    if cast.holds is None or cast.as_text:
        return None
    x = quote(column)
    refused = f"CAST(substr('', 1, ({x} IS NULL)::int - 1) AS {target_type})"
    return f"CASE WHEN {x} IS NULL OR ({cast.holds}) THEN {cast.expression} ELSE {refused} END"
