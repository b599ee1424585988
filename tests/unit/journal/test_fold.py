"""A flaw in the journal stops one aggregate, and nobody else."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from sterna_core.journal.codec import Codec
from sterna_core.journal.fold import Fold, fold_of
from sterna_core.journal.local import LocalDecider
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.tally import TALLY, Add

Records = list[StoredRecord]


def journal() -> Records:
    decider = LocalDecider([TALLY])
    for number in range(3):
        decider.send("tally_1", Add(1, parts=2))
        decider.send(f"tally_other_{number}", Add(1))
    return decider.events


def changed(records: Records, place: int, name: str, value: bytes) -> Records:
    record = records[place]
    headers = tuple((n, value if n == name else v) for n, v in record.headers)
    return [*records[:place], replace(record, headers=headers), *records[place + 1 :]]


FLAWS: dict[str, Callable[[Records], Records]] = {
    "sequence_gap": lambda records: [records[0], *records[3:]],
    "decision_incomplete": lambda records: [*records[:2], *records[3:]],
    "event_undecodable": lambda records: changed(records, 4, "ce_type", b"tally.added.v9"),
    "answered_twice": lambda records: changed(records, 4, "ce_sourceoffset", b"0"),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_stops_its_aggregate_alone(flaw: str):
    records = FLAWS[flaw](journal())
    fold = fold_of(0, Codec([TALLY]), records)
    assert fold.quarantined == (("org_test", "tally_1"),)
    for number in range(3):
        assert fold.entries["org_test", f"tally_other_{number}"].state.total == 1


def test_a_record_whose_headers_cannot_be_read_stops_the_aggregate_of_its_key():
    fold = fold_of(0, Codec([TALLY]), changed(journal(), 4, "ce_sequence", b"x"))
    assert fold.quarantined == (("org_test", "tally_1"),)
    assert fold.entries["org_test", "tally_1"].quarantine == "event_undecodable"


def test_an_aggregate_that_stands_still_refuses_commands_without_changing():
    decider = LocalDecider([TALLY])
    decider.send("tally_1", Add(1))
    entries = decider._tenure.fold.entries
    key = ("org_test", "tally_1")
    entries[key] = replace(entries[key], quarantine="sequence_gap")
    outcome = decider.send("tally_1", Add(1))
    assert outcome is not None
    assert outcome.rejected is not None
    assert outcome.rejected.code == "aggregate_quarantined"
    assert decider.dead_letters[0].error == "aggregate_quarantined"
    assert decider.send("tally_2", Add(1)) is not None


def test_a_fold_reads_a_record_once():
    records = journal()
    fold = Fold(0, Codec([TALLY]))
    fold.apply(records[0])
    with pytest.raises(ValueError, match="once"):
        fold.apply(records[0])
