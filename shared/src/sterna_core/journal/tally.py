"""The smallest aggregate there is: an example, and what the journal is tested and measured with."""

from datetime import datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Aggregate, Context, OutgoingTask, Timer


class Add(Struct, frozen=True, tag_field="type", tag="tally.add.v1"):
    """Count so many more; in parts, to make a decision of several events."""

    amount: int
    parts: int = 1


class Hand(Struct, frozen=True, tag_field="type", tag="tally.hand.v1"):
    """Give work to an executor."""

    task: str


class Finish(Struct, frozen=True, tag_field="type", tag="tally.finish.v1"):
    """Report that work is done."""

    task: str


class Remind(Struct, frozen=True, tag_field="type", tag="tally.remind.v1"):
    """Count one more at a moment to come."""

    at: datetime


class Added(Struct, frozen=True, tag_field="type", tag="tally.added.v1"):
    """So many were counted, and so many had been before."""

    amount: int
    before: int


class Handed(Struct, frozen=True, tag_field="type", tag="tally.handed.v1"):
    """Work was given to an executor."""

    task: str


class Finished(Struct, frozen=True, tag_field="type", tag="tally.finished.v1"):
    """Work was done."""

    task: str


class Reminded(Struct, frozen=True, tag_field="type", tag="tally.reminded.v1"):
    """A reminder was set."""

    at: datetime


class Work(Struct, frozen=True, tag_field="type", tag="tally.work.v1"):
    """Work for an executor."""

    task: str


class Tally(Struct, frozen=True):
    """What has been counted."""

    total: int = 0
    open_tasks: tuple[str, ...] = ()
    reminder: datetime | None = None


Command = Add | Hand | Finish | Remind
Event = Added | Handed | Finished | Reminded


def decide(tally: Tally, command: Command, _context: Context) -> tuple[Event, ...]:
    """Give what a command leads to."""
    match command:
        case Add(amount) if amount < 0:
            raise Rejected("negative_amount", "Only what is there can be counted.")
        case Add(0):
            return ()
        case Add(amount, parts):
            return tuple(Added(amount, tally.total + amount * part) for part in range(parts))
        case Hand(task):
            return () if task in tally.open_tasks else (Handed(task),)
        case Finish(task):
            return (Finished(task),) if task in tally.open_tasks else ()
        case Remind(at):
            return (Reminded(at),)
        case _:
            assert_never(command)


def evolve(tally: Tally, event: Event) -> Tally:
    """Give what is counted after an event."""
    match event:
        case Added(amount):
            return replace(tally, total=tally.total + amount, reminder=None)
        case Handed(task):
            return replace(tally, open_tasks=(*tally.open_tasks, task))
        case Finished(task):
            left = tuple(open_task for open_task in tally.open_tasks if open_task != task)
            return replace(tally, open_tasks=left)
        case Reminded(at):
            return replace(tally, reminder=at)
        case _:
            assert_never(event)


def tasks(tally: Tally) -> tuple[OutgoingTask, ...]:
    """Give the work that executors should have."""
    return tuple(
        OutgoingTask(task, partition_hint=place, body=Work(task))
        for place, task in enumerate(tally.open_tasks)
    )


def timers(tally: Tally) -> tuple[Timer, ...]:
    """Give the reminder that is set."""
    if tally.reminder is None:
        return ()
    return (Timer(tally.reminder, Add(1), f"reminder-{tally.reminder.isoformat()}"),)


TALLY: Aggregate[Tally, Command, Event] = Aggregate(
    name="tally",
    id_prefix="tally_",
    initial=Tally(),
    commands=Command,
    events=Event,
    state_type=Tally,
    decide=decide,
    evolve=evolve,
    tasks=tasks,
    timers=timers,
    schema_version=1,
)
