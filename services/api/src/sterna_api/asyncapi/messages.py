"""Every message there is on the bus, by its topic."""

from collections.abc import Iterable
from typing import Any, get_args

from msgspec import Struct

from sterna_core.journal.codec import AnyAggregate, tag_of
from sterna_core.journal.outcome import JournalEvent
from sterna_core.tasks.namespace_work import NamespaceTask
from sterna_core.tasks.task import Task
from sterna_core.tasks.telemetry import TelemetryRecord

MessageTypes = dict[str, type[Struct]]
"""Message types by their wire tag."""


class Messages(Struct, frozen=True):
    """The types of the messages on each topic."""

    commands: MessageTypes
    events: MessageTypes
    tasks: MessageTypes
    telemetry: MessageTypes

    def all(self) -> MessageTypes:
        """Give all of them."""
        return {**self.commands, **self.events, **self.tasks, **self.telemetry}


def messages_of(aggregates: Iterable[AnyAggregate]) -> Messages:
    """Collect what aggregates take and say, and what there is beside them."""
    known = tuple(aggregates)
    return Messages(
        commands=_by_tag(*(each.commands for each in known)),
        events=_by_tag(JournalEvent, *(each.events for each in known)),
        tasks=_by_tag(Task, NamespaceTask),
        telemetry=_by_tag(TelemetryRecord),
    )


def _by_tag(*unions: Any) -> MessageTypes:
    members = [member for union in unions for member in (get_args(union) or (union,))]
    return {tag_of(member): member for member in members}
