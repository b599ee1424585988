from uuid import UUID, uuid5

from msgspec.structs import replace

from sterna_api.http.command_desk import CommandDesk, Ticket
from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.projections.migrations import Migrations
from sterna_core.schedule.schedule import Schedule
from sterna_core.waiting.commands import ReserveWaits
from sterna_core.waiting.place import waits_of


async def refuse_unknown_others(
    migrations: Migrations,
    writes: ReadYourWrites,
    org_id: str,
    schedule: Schedule,
    loc: Location,
) -> None:
    """Refuse a schedule that names migrations which there are not; raises InvalidShape.

    A migration that is waited for is there for good, so nothing can change behind this.
    """
    unknown = set()
    for other in sorted(schedule.others):
        if await migrations.find(org_id, other) is not None:
            continue
        await writes.catch_up_with(org_id, other)
        if await migrations.find(org_id, other) is None:
            unknown.add(other)
    waited_for = {each.migration_id for each in schedule.wait_for}
    named = (("wait_for", waited_for), ("exclude_concurrent", set(schedule.exclude_concurrent)))
    problems = [
        Problem((*loc, field), f"There is no such migration: {other}", "migration_unknown")
        for field, others in named
        for other in sorted(unknown & others)
    ]
    if problems:
        raise InvalidShape(problems)


async def refuse_circle(
    desk: CommandDesk, ticket: Ticket, migration_id: str, schedule: Schedule
) -> None:
    """Refuse a schedule by which migrations would wait for each other; raises Rejected.

    What is asked for is reserved for a while, so that nobody closes a circle beside this.
    """
    waits_for = tuple(dict.fromkeys(each.migration_id for each in schedule.wait_for))
    if not waits_for:
        return
    # The one request leads to two commands, and a repeat of it to the same two.
    own = replace(ticket, command_id=str(uuid5(UUID(ticket.command_id), "waits")))
    command = ReserveWaits(migration_id=migration_id, waits_for=waits_for)
    await desk.hand_in(own, waits_of(ticket.caller.org_id), command)
