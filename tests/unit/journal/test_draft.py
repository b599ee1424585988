"""Decisions: what a command leads to, and what it must not do to others."""

from dataclasses import replace as replaced
from typing import Any
from uuid import uuid4

import pytest

from sterna_core.journal.aggregate import Context
from sterna_core.journal.codec import AnyAggregate
from sterna_core.journal.command import command_record
from sterna_core.journal.entry import OUTCOMES_KEPT, REPORTS_KEPT
from sterna_core.journal.fold import Fold, fold_of
from sterna_core.journal.local import EPOCH, LocalDecider
from sterna_core.journal.record import StoredRecord
from sterna_core.journal.tally import TALLY, Add, Added, Hand, Tally
from sterna_core.journal.tenure import Tenure
from sterna_core.journal.topics import BATCH_BYTES_MAX

ID = "00000000-0000-0000-0000-000000000001"


def test_a_report_that_changes_nothing_writes_nothing():
    decider = LocalDecider([TALLY])
    before = len(decider.events)
    assert decider.send("tally_1", Add(0), expect_outcome=False) is None
    assert len(decider.events) == before


def test_a_report_that_comes_twice_is_carried_out_once():
    decider = LocalDecider([TALLY])
    for _ in range(2):
        decider.send("tally_1", Add(2), command_id=ID, expect_outcome=False)
    assert decider.state("tally_1").total == 2
    assert len(decider.events) == 2


def test_a_repeat_is_told_where_the_first_answer_began():
    decider = LocalDecider([TALLY])
    decider.send("tally_1", Add(1))
    decider.send("tally_1", Add(1, parts=3), command_id=ID)
    decider.send("tally_1", Add(1))
    outcome = decider.send("tally_1", Add(1, parts=3), command_id=ID)
    assert outcome is not None
    assert (outcome.repeated, outcome.first_sequence, outcome.sequence) == (True, 2, 0)


def test_what_is_asked_of_things_that_do_not_exist_takes_no_memory_and_is_answered():
    fold = Fold(0, LocalDecider([TALLY]).codec)
    tenure = Tenure(fold, "local")
    tenure.claim(EPOCH)
    draft = tenure.draft()
    for number in range(100):
        record = command_record(
            Add(-1) if number % 2 else Add(0),
            org_id="org_test",
            aggregate_id=f"tally_{number}",
            command_id=str(uuid4()),
            actor="key_test",
            now=EPOCH,
            expect_outcome=True,
        )
        assert draft.take(StoredRecord(0, number, record.key, record.value, record.headers))
    assert len(draft.records) == 100
    assert draft.entries == {}
    assert not draft.dead_letters


def test_a_request_that_was_encrypted_afresh_is_a_repeat_if_its_hash_says_so():
    decider = LocalDecider([TALLY])
    decider.send("tally_1", Add(1), command_id=ID, request_hash="same")
    outcome = decider.send("tally_1", Add(2), command_id=ID, request_hash="same")
    assert outcome is not None
    assert outcome.repeated


def test_an_aggregate_of_another_organisation_is_another_aggregate():
    decider = LocalDecider([TALLY])
    decider.send("tally_1", Add(5))
    decider.org_id = "org_other"
    outcome = decider.send("tally_1", Add(1))
    assert outcome is not None
    assert outcome.events == (Added(1, before=0),)


@pytest.mark.parametrize(("expect_outcome", "kept"), [(True, OUTCOMES_KEPT), (False, REPORTS_KEPT)])
def test_only_so_many_answers_are_remembered(expect_outcome: bool, kept: int):
    decider = LocalDecider([TALLY])
    decider.send("tally_1", Add(1), command_id=ID, expect_outcome=expect_outcome)
    for _ in range(kept):
        decider.send("tally_1", Add(1), expect_outcome=expect_outcome)
    decider.send("tally_1", Add(1), command_id=ID, expect_outcome=expect_outcome)
    assert decider.state("tally_1").total == kept + 2


def test_reports_do_not_push_out_what_somebody_waited_for():
    decider = LocalDecider([TALLY])
    decider.send("tally_1", Add(1), command_id=ID)
    for _ in range(OUTCOMES_KEPT + 1):
        decider.send("tally_1", Add(1), expect_outcome=False)
    outcome = decider.send("tally_1", Add(1), command_id=ID)
    assert outcome is not None
    assert outcome.repeated


def faulty(**parts: Any) -> AnyAggregate:
    return replaced(TALLY, **parts)


def failing(tally: Tally, command: Any, context: Context) -> tuple[Added, ...]:
    if isinstance(command, Hand):
        raise KeyError(command.task)
    return TALLY.decide(tally, command, context)  # type: ignore[return-value]


def test_a_decision_that_fails_is_refused_kept_aside_and_can_be_sent_again():
    decider = LocalDecider([faulty(decide=failing)])
    outcome = decider.send("tally_1", Hand("secret"), command_id=ID)
    assert outcome is not None
    assert outcome.rejected is not None
    assert outcome.rejected.code == "internal_error"
    assert "secret" not in str(outcome)
    assert [letter.error for letter in decider.dead_letters] == ["internal_error:KeyError"]
    again = decider.send("tally_1", Hand("secret"), command_id=ID)
    assert again is not None
    assert again.repeated is False


def test_an_event_that_nobody_could_read_is_not_written():
    def decide(tally: Tally, command: Any, context: Context) -> tuple[Added, ...]:
        return (Added("many", before=0),)  # type: ignore[arg-type]

    decider = LocalDecider([faulty(decide=decide)])
    outcome = decider.send("tally_1", Add(1))
    assert outcome is not None
    assert outcome.rejected is not None
    assert outcome.rejected.code == "internal_error"
    assert not fold_of(0, decider.codec, decider.events).quarantined


def test_an_event_that_cannot_be_applied_is_not_written():
    def evolve(tally: Tally, event: Any) -> Tally:
        raise ZeroDivisionError

    decider = LocalDecider([faulty(evolve=evolve)])
    outcome = decider.send("tally_1", Add(1))
    assert outcome is not None
    assert outcome.rejected is not None
    assert decider.dead_letters[0].error == "internal_error:evolve_failed"


def test_a_draft_takes_as_much_as_a_batch_holds_and_leaves_the_rest():
    decider = LocalDecider([TALLY])
    tenure = Tenure(Fold(0, decider.codec), "owner")
    record = command_record(
        Add(1, parts=400),
        org_id="org_test",
        aggregate_id="tally_1",
        command_id=str(uuid4()),
        actor="key_test",
        now=decider.now,
        expect_outcome=True,
    )

    def numbered(offset: int) -> StoredRecord:
        fresh = tuple(
            (n, str(uuid4()).encode() if n == "ce_commandid" else v) for n, v in record.headers
        )
        return StoredRecord(0, offset, record.key, record.value, fresh)

    draft = tenure.draft()
    taken = 0
    while draft.take(numbered(taken)):
        taken += 1
    assert taken > 1
    assert len(draft.records) == taken * 400
    assert sum(r.size_bytes() for r in draft.records) <= BATCH_BYTES_MAX
    assert draft.source_offset == taken - 1
