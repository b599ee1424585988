from collections import OrderedDict

from sterna_api.projections.positions import EVENTS, JournalPosition

ORGANISATIONS_MAX = 10_000


class RecentWrites:
    """The last writes of each organisation that were answered here, until they are projected.

    Bounded: beyond ORGANISATIONS_MAX the one that has not written for the longest is forgotten.
    """

    def __init__(self, organisations_max: int = ORGANISATIONS_MAX) -> None:
        self._offsets: OrderedDict[str, dict[tuple[str, int], int]] = OrderedDict()
        self._organisations_max = organisations_max

    def note(self, org_id: str, position: JournalPosition) -> None:
        """Take in where an organisation's write stands in the journal."""
        wanted = self._offsets.setdefault(org_id, {})
        key = (EVENTS, position.partition)
        wanted[key] = max(wanted.get(key, 0), position.offset + 1)
        self._offsets.move_to_end(org_id)
        if len(self._offsets) > self._organisations_max:
            self._offsets.popitem(last=False)

    def of(self, org_id: str) -> dict[tuple[str, int], int]:
        """Give what has to be projected for the organisation to see all it has written."""
        return dict(self._offsets.get(org_id, {}))

    def seen(self, org_id: str, wanted: dict[tuple[str, int], int]) -> None:
        """Forget what is projected now; what was written since stays."""
        left = self._offsets.get(org_id)
        if left is None:
            return
        for key, offset in wanted.items():
            if left.get(key) == offset:
                del left[key]
        if not left:
            del self._offsets[org_id]
