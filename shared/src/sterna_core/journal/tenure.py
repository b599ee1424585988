from datetime import datetime

import msgspec

from sterna_core.errors import Transient
from sterna_core.journal.draft import Draft
from sterna_core.journal.envelope import term_headers
from sterna_core.journal.fold import EntryKey, Fold
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.terms import Reading
from sterna_core.journal.topics import BATCH_BYTES_MAX


class TermLost(Transient):
    """Another owner has opened a later term; nothing that is written here counts any more."""

    code = "term_lost"


class Tenure:
    """One owner's claim on a partition, from the claim to its end.

    The rules, which the caller keeps by what it does with the log:

    1. Read the partition to its end into `fold`, append `claim()`, and read on past it.
    2. Go on only if `holds`. An owner id is used for one claim only.
    3. Append one draft at a time, and `confirm` each with the offset it was given.
    4. An append whose result is not known ends the tenure. So does `TermLost`.
    """

    def __init__(self, fold: Fold, owner: str) -> None:
        self.fold = fold
        self.owner = owner
        self.term = 0

    def claim(self, now: datetime) -> OutgoingRecord:
        """Make the record that opens the next term for this owner."""
        self.term = self.fold.reading.term + 1
        body = {"type": "term.started.v1", "term": self.term, "owner": self.owner}
        headers = term_headers(
            term=self.term, owner=self.owner, position=self.fold.next_offset, now=now
        )
        return OutgoingRecord(b"term", msgspec.json.encode(body), headers)

    @property
    def holds(self) -> bool:
        """Say whether, by all that has been read, this owner's records count."""
        return self.fold.reading == Reading(self.term, self.owner)

    def draft(self, *, batch_bytes: int = BATCH_BYTES_MAX) -> Draft:
        """Begin the next batch of decisions."""
        return Draft(self.fold, term=self.term, owner=self.owner, batch_bytes=batch_bytes)

    def confirm(self, draft: Draft, first_offset: int) -> frozenset[EntryKey] | None:
        """Take over an appended draft; gives the aggregates it changed.

        Gives None where the batch does not follow what has been read: somebody else has written
        in between. Then the partition has to be read into `fold` up to the end of the batch, and
        `holds` tells whether the batch counts.
        """
        if first_offset != self.fold.next_offset:
            return None
        self.fold.extend(
            draft.entries,
            next_offset=first_offset + len(draft.records),
            source_offset=draft.source_offset,
            last_record=f"{self.owner}-{first_offset + len(draft.records) - 1}",
        )
        return frozenset(draft.entries)
