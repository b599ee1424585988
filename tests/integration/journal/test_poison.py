"""What nobody can read stops nobody."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from msgspec.structs import replace

from sterna_core.clock import system_clock
from sterna_core.journal.command import command_record
from sterna_core.journal.record import Headers, OutgoingRecord
from sterna_core.journal.tally import Add, Added
from support.journal.stack import ORG, JournalStack, journal_stack


def good(stack: JournalStack) -> OutgoingRecord:
    return command_record(
        Add(1),
        org_id=ORG,
        aggregate_id="tally_1",
        command_id=str(uuid4()),
        actor="key_test",
        now=system_clock(),
        expect_outcome=True,
    )


def with_header(record: OutgoingRecord, name: str, value: bytes) -> OutgoingRecord:
    headers: Headers = tuple((n, value if n == name else v) for n, v in record.headers)
    return replace(record, headers=headers)


POISONS: dict[str, Callable[[OutgoingRecord], OutgoingRecord]] = {
    "no headers": lambda record: replace(record, headers=()),
    "an id that is no UUID": lambda record: with_header(record, "ce_commandid", b"x"),
    "a time that is none": lambda record: with_header(record, "ce_time", b"yesterday"),
    "a time without a zone": lambda record: with_header(record, "ce_time", b"2026-01-01T00:00:00"),
    "headers that are not text": lambda record: with_header(record, "ce_orgid", b"\xff"),
    "a type from the future": lambda record: with_header(record, "ce_type", b"tally.add.v9"),
    "a type that is not the body's": lambda record: with_header(
        record, "ce_type", b"tally.hand.v1"
    ),
    "a body that is cut": lambda record: replace(record, value=record.value[:-3]),
    "no body": lambda record: replace(record, value=b""),
    "a body of another shape": lambda record: replace(
        record, value=b'{"type":"tally.add.v1","amount":"many"}'
    ),
    "a deep body": lambda record: replace(record, value=b"[" * 100_000),
    "a key of another": lambda record: replace(record, key=b"org_other/tally_1"),
    "a kind that is not known": lambda record: replace(
        with_header(record, "ce_subject", b"other_1"), key=f"{ORG}/other_1".encode()
    ),
}


@pytest.fixture(scope="module")
async def stack(kafka_bootstrap: str) -> AsyncIterator[JournalStack]:
    async with journal_stack(kafka_bootstrap, partitions=1) as made, made.decider():
        yield made


@pytest.mark.parametrize("poison", POISONS)
async def test_a_command_that_cannot_be_read_is_kept_and_the_next_is_answered(
    stack: JournalStack, poison: str
):
    bad = POISONS[poison](good(stack))
    offset = await stack.sender.send(stack.topics.commands, 0, bad)
    next_one = f"tally_{uuid4().hex}"
    assert (await stack.send(next_one, Add(1))).events == (Added(1, before=0),)
    letters = await stack.records(stack.topics.dead_letters)
    (letter,) = [r for r in letters if dict(r.headers)["ce_originaloffset"] == b"%d" % offset]
    assert (letter.key, letter.value or b"") == (bad.key, bad.value)
    assert dict(letter.headers)["ce_originaltopic"] == stack.topics.commands.encode()
    assert dict(letter.headers)["ce_errorclass"]


async def test_somebody_who_waits_for_a_command_that_cannot_be_read_is_told(stack: JournalStack):
    outcome = await stack.send("unknown_1", Add(1))
    assert outcome.rejected is not None
    assert outcome.rejected.code == "unknown_aggregate"
