"""One writer per partition, proved by the log itself.

An owner opens a term by a record that says so, and every record it writes names the term and the
owner. The log's order then decides, for everybody alike, which records count: `read_on` is the
whole rule. A record that does not count is as if it were not there, whoever wrote it and however
late it came.
"""

from msgspec import Struct

from sterna_core.journal.record import StoredRecord

TERM_STARTED = "term.started.v1"


class Reading(Struct, frozen=True):
    """What a reader has to remember of a partition: whose records count from here on."""

    term: int = 0
    owner: str = ""


class Mark(Struct, frozen=True):
    """What the rule has to know of a record."""

    type: str
    term: int
    owner: str
    position: int
    """The offset at which the writer expected the record to stand."""

    @property
    def identity(self) -> str:
        """Give what no other record has: an owner expects each position once."""
        return f"{self.owner}-{self.position}"


def read_on(reading: Reading, mark: Mark) -> tuple[Reading, bool]:
    """Give the reading after a record, and whether that record counts.

    The first `term.started` with a number opens that term. A record of a lower term, or of
    another owner than the one that opened its term, is not there.
    """
    if mark.type == TERM_STARTED:
        if mark.term > reading.term:
            return Reading(mark.term, mark.owner), True
        return reading, False
    return reading, mark.term == reading.term and mark.owner == reading.owner


def mark_of(record: StoredRecord) -> Mark | None:
    """Read a record's mark; none where it has none, and then the record does not count."""
    headers = dict(record.headers)
    try:
        return Mark(
            headers["ce_type"].decode(),
            int(headers["ce_term"]),
            headers["ce_owner"].decode(),
            int(headers["ce_position"]),
        )
    except (KeyError, ValueError):
        return None


class Position(Struct, frozen=True):
    """A place in a partition of the journal from which reading can go on."""

    next_offset: int = 0
    term: int = 0
    owner: str = ""

    @property
    def reading(self) -> Reading:
        """Give whose records count from here on."""
        return Reading(self.term, self.owner)


def anchored_position(records: list[StoredRecord]) -> Position | None:
    """Find the last place in a stretch of a partition at which whose records count is certain.

    A record that stands where its writer expected it proves that the writer had read everything
    before it, so it counts. Whoever meets one needs nothing that came earlier: this is how a
    reader begins at the end. None where the stretch holds no such record.
    """
    for place in range(len(records) - 1, -1, -1):
        mark = mark_of(records[place])
        if mark is None or mark.position != records[place].offset:
            continue
        reading = Reading(mark.term, mark.owner)
        for record in records[place:]:
            later = mark_of(record)
            if later is not None:
                reading, _ = read_on(reading, later)
        return Position(records[-1].offset + 1, reading.term, reading.owner)
    return None
