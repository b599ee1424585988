from collections.abc import Sequence

from msgspec import Struct

from sterna_core.postgres.identifiers import qualified
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.statements import statements

READ_AT_ONCE = 200


class SequenceState(Struct, frozen=True, kw_only=True):
    """Where a sequence stands; `target` is its name there, ready for SQL."""

    target: str
    last_value: int
    is_called: bool


async def read_sequences(source: Connection, inventory: Inventory) -> tuple[SequenceState, ...]:
    """Read where every selected sequence stands; of identities and serials too.

    Raises MissingRight where the role may not read one.
    """
    found: list[SequenceState] = []
    names = [
        (qualified(s.schema, s.name), qualified(inventory.target_schema(s.schema), s.name))
        for s in inventory.sequences
    ]
    for start in range(0, len(names), READ_AT_ONCE):
        batch = names[start : start + READ_AT_ONCE]
        text = " union all ".join(
            f"select {number} as number, last_value, is_called from {name}"
            for number, (name, _) in enumerate(batch)
        )
        with translated("source"):
            rows = await source.fetch(text)
        found += [
            SequenceState(
                target=batch[row["number"]][1],
                last_value=row["last_value"],
                is_called=row["is_called"],
            )
            for row in rows
        ]
    return tuple(found)


async def set_sequences(target: Connection, states: Sequence[SequenceState]) -> int:
    """Set the target's sequences; gives how many. The caller's transaction need not commit."""
    with translated("target"):
        rows = await target.fetch(
            statements("sequences.sql")["set"],
            [state.target for state in states],
            [state.last_value for state in states],
            [state.is_called for state in states],
        )
    return len(rows)
