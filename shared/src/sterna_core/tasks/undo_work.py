"""What an executor can be asked to take back."""

from msgspec import Struct

from sterna_core.tasks.table import TableSpec


class Undo(Struct, frozen=True, kw_only=True, tag_field="type"):
    """A part of a run to take back; the subclasses are the kinds."""


class DropObjects(Undo, frozen=True, kw_only=True, tag="work.drop_objects.v1"):
    """Drop objects that came after the rows, in this order, and what hangs together with them.

    `unfinish` puts back what the cutover did, where it had done it: sequences and views.
    """

    object_ids: tuple[str, ...]
    unfinish: bool = False


class UndoRows(Undo, frozen=True, kw_only=True, tag="work.undo_rows.v1"):
    """Remove the rows of all chunks but those below `below` that are not in `but`.

    The receipts of the chunks go in the same target transaction.
    """

    table: TableSpec
    below: int = 0
    but: tuple[int, ...] = ()


AnyUndo = DropObjects | UndoRows
