import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.journal.command import command_record
from sterna_core.journal.dead_letter import dead_letter_record
from sterna_core.journal.envelope import (
    CommandEnvelope,
    EventEnvelope,
    Undecodable,
    command_headers,
    event_headers,
    read_command,
    read_event,
    term_headers,
)
from sterna_core.journal.local import EPOCH, LocalDecider
from sterna_core.journal.record import Headers, StoredRecord
from sterna_core.journal.tally import TALLY, Add, Hand
from sterna_core.journal.task_record import read_task, task_record
from sterna_core.journal.topics import RECORD_BYTES_MAX

texts = st.text(max_size=20)
times = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)).map(  # ruff: ignore[call-datetime-without-tzinfo]
    lambda moment: moment.replace(tzinfo=UTC)
)


def stored(headers: Headers, value: bytes = b"{}") -> StoredRecord:
    return StoredRecord(0, 0, b"key", value, headers)


@given(
    st.builds(
        CommandEnvelope,
        texts,
        texts,
        texts,
        st.uuids().map(str),
        texts,
        texts,
        times,
        st.booleans(),
    )
)
def test_a_commands_headers_are_read_as_they_were_written(envelope: CommandEnvelope):
    assert read_command(stored(command_headers(envelope))) == envelope


@given(st.builds(EventEnvelope, time=times))
def test_a_journal_records_headers_are_read_as_they_were_written(envelope: EventEnvelope):
    assert read_event(stored(event_headers(envelope))) == envelope


def test_a_command_whose_time_has_no_zone_is_not_sent():
    with pytest.raises(ValueError, match="zone"):
        command_record(
            Add(1),
            org_id="org_test",
            aggregate_id="tally_1",
            command_id="00000000-0000-0000-0000-000000000001",
            actor="key_test",
            now=EPOCH.replace(tzinfo=None),
            expect_outcome=True,
        )


def test_every_record_is_a_cloud_event():
    decider = LocalDecider([TALLY])
    decider.send("tally_1", Add(1))
    decider.send("tally_1", Hand("a"))
    (task,) = decider.tasks("tally_1")
    every = [
        *(record.headers for record in (*decider.commands, *decider.events)),
        task_record("org_test", "tally_1", task, EPOCH).headers,
        dead_letter_record("t", decider.commands[0], "x").headers,
        term_headers(term=1, owner="a", position=0, now=EPOCH),
    ]
    for headers in every:
        names = [name.removeprefix("ce_") for name, _ in headers if name.startswith("ce_")]
        assert {"specversion", "id", "source", "type"} <= set(names)
        assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in names)
        assert dict(headers)["ce_specversion"] == b"1.0"
        assert "content-type" in dict(headers)


def test_no_two_journal_records_have_the_same_id():
    decider = LocalDecider([TALLY])
    for _ in range(5):
        decider.send("tally_1", Add(1, parts=3))
    ids = [dict(record.headers)["ce_id"] for record in decider.events]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("missing", ["ce_commandid", "ce_time", "ce_type", "ce_subject"])
def test_what_is_wrong_with_a_command_is_named_without_its_contents(missing: str):
    decider = LocalDecider([TALLY])
    decider.send("tally_1", Hand("secret"))
    record = decider.commands[0]
    headers = tuple((name, value) for name, value in record.headers if name != missing)
    with pytest.raises(Undecodable, match=missing) as caught:
        read_command(StoredRecord(0, 0, record.key, record.value, headers))
    assert "secret" not in str(caught.value)


def test_a_task_is_read_as_it_was_written():
    decider = LocalDecider([TALLY])
    decider.send("tally_1", Hand("a"))
    (task,) = decider.tasks("tally_1")
    record = task_record("org_test", "tally_1", task, EPOCH)
    read = read_task(stored(record.headers))
    assert (read.key, read.org_id, read.aggregate_id) == ("a", "org_test", "tally_1")
    with pytest.raises(Undecodable):
        read_task(stored(()))


def test_a_dead_letter_that_would_be_too_large_leaves_the_value_where_it_is():
    record = stored((("ce_type", b"x"),), value=b"x" * RECORD_BYTES_MAX)
    letter = dead_letter_record("t.commands", record, "undecodable")
    assert letter.value == b""
    assert dict(letter.headers)["ce_valueomitted"] == b"true"
    assert dict(letter.headers)["ce_id"] == b"t.commands-0-0"
