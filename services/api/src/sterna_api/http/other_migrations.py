from sterna_api.http.problem import InvalidShape, Location, Problem
from sterna_api.http.read_your_writes import ReadYourWrites
from sterna_api.projections.migrations import Migrations
from sterna_core.schedule.schedule import Schedule


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
    problems = []
    for other in sorted(schedule.others):
        if await migrations.find(org_id, other) is not None:
            continue
        await writes.catch_up_with(org_id, other)
        if await migrations.find(org_id, other) is None:
            msg = f"There is no such migration: {other}"
            problems.append(Problem((*loc, "wait_for"), msg, "migration_unknown"))
    if problems:
        raise InvalidShape(problems)
