"""What a certificate's exceptions explain of a source that is summed again.

A certificate says how many rows of a table were left out or have another value in the target, and
not which: they hold contents. So their table can be compared with the source part by part only.
"""

from collections.abc import Sequence

from msgspec import Struct

from sterna_cli.certificate.recount import Difference
from sterna_core.certificate.statement import SKIPPED, Exempt

_PARTS_OF_REPLACED = 2
"""A row with another value is missing from one part, and too many in another."""


class Explained(Struct, frozen=True, kw_only=True):
    """A source's table that differs by no more than what was decided."""

    table_id: str
    rows_left_out: int
    rows_replaced: int
    parts: int


def explanation_of(found: Difference, exceptions: Sequence[Exempt]) -> Explained | None:
    """Give what explains a difference; None where more differs than was decided."""
    exempt = [each for each in exceptions if each.table_id == found.table_id]
    skipped = sum(each.rows for each in exempt if each.reason.startswith(SKIPPED))
    replaced = sum(each.rows for each in exempt) - skipped
    if found.side != "source" or found.rows != found.certified_rows + skipped:
        return None
    if found.parts > skipped + _PARTS_OF_REPLACED * replaced:
        return None
    return Explained(
        table_id=found.table_id, rows_left_out=skipped, rows_replaced=replaced, parts=found.parts
    )
