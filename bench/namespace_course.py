"""What the events of a namespace migration say about where its time went."""

from datetime import datetime

import msgspec
from bench.journal import events_of
from msgspec import Struct

from sterna_core.namespace_migration import events as ev

_DECODER: msgspec.json.Decoder[ev.AnyEvent] = msgspec.json.Decoder(ev.AnyEvent)


class NamespaceCourse(Struct, frozen=True, kw_only=True):
    """Seconds: `documents_seconds` is from the first batch that was given out to the last done."""

    documents_seconds: float
    stages_seconds: dict[str, float]
    steps_seconds: dict[str, float]
    batches: int


async def namespace_course_of(bootstrap: str, migration_id: str) -> NamespaceCourse:
    """Read the course of a migration that is completed from the journal."""
    stages: dict[str, datetime] = {}
    ended: dict[str, float] = {}
    given: dict[str, datetime] = {}
    steps: dict[str, float] = {}
    last, batches = None, 0
    for event in await events_of(bootstrap, migration_id, _DECODER):
        match event:
            case ev.StageStarted():
                stages[event.stage] = event.at
            case ev.StageCompleted():
                ended[event.stage] = (event.at - stages[event.stage]).total_seconds()
            case ev.JobDispatched():
                given.setdefault(event.task_id, event.at)
            case ev.BatchCompleted():
                last, batches = event.at, batches + event.count
            case ev.StepCompleted():
                tag = str(event.job.__struct_config__.tag)
                took = (event.at - given[event.task_id]).total_seconds()
                steps[tag] = max(steps.get(tag, 0.0), took)
            case _:
                pass
    assert last is not None
    return NamespaceCourse(
        documents_seconds=(last - stages["batch_processing"]).total_seconds(),
        stages_seconds=ended,
        steps_seconds=steps,
        batches=batches,
    )
