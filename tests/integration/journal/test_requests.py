"""Whatever follows from a request names it: records, and lines of the log."""

from datetime import timedelta

import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from sterna_core.clock import system_clock
from sterna_core.correlation import current_request_id, following_from
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.tally import Add, Hand, Remind
from support.journal.stack import JournalStack, journal_stack, until_read


async def requests(stack: JournalStack, topic: str) -> list[bytes | None]:
    return [dict(each.headers).get("ce_requestid") for each in await stack.records(topic)]


async def test_events_and_tasks_name_the_request_that_they_follow_from(kafka_bootstrap: str):
    async with journal_stack(kafka_bootstrap, partitions=1) as stack:
        async with stack.decider():
            with following_from("night-7"):
                await stack.send("tally_1", Hand("a"))
            await stack.send("tally_1", Add(1))
            assert await requests(stack, stack.topics.commands) == [b"night-7", None]

            async def published() -> bool:
                return await requests(stack, stack.topics.tasks) == [b"night-7"]

            await until_read(published)
        async with stack.decider():

            async def again() -> bool:
                return await requests(stack, stack.topics.tasks) == [b"night-7", b"night-7"]

            await until_read(again)
        events = await requests(stack, stack.topics.events)
        handed, added = (each for each in events if each)
        assert handed == added == b"night-7"


async def test_a_timer_goes_on_with_the_request_that_set_it(kafka_bootstrap: str):
    async with journal_stack(kafka_bootstrap, partitions=1) as stack, stack.decider():
        with following_from("night-8"):
            await stack.send("tally_1", Remind(system_clock() + timedelta(seconds=0.1)))

        async def fired() -> bool:
            return await requests(stack, stack.topics.commands) == [b"night-8", b"night-8"]

        await until_read(fired)


async def test_a_line_about_a_command_that_nobody_can_read_names_its_request(
    kafka_bootstrap: str,
):
    async with journal_stack(kafka_bootstrap, partitions=1) as stack:
        with capture_logs(processors=[merge_contextvars]) as lines:
            async with stack.decider():
                headers = (("ce_type", b"tally.add.v1"), ("ce_requestid", b"night-9"))
                bad = OutgoingRecord(b"x", b"{}", headers)
                await stack.sender.send(stack.topics.commands, 0, bad)

                async def buried() -> bool:
                    return any(each["event"] == "command_dead" for each in lines)

                await until_read(buried)
        (line,) = [each for each in lines if each["event"] == "command_dead"]
        assert line["request_id"] == "night-9"


def test_what_follows_from_no_request_names_none():
    with following_from("night-1"):
        with following_from(None):
            assert current_request_id() is None
        assert current_request_id() == "night-1"
    assert structlog.contextvars.get_contextvars() == {}
