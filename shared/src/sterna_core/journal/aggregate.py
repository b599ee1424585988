from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid5

from msgspec import Struct

S = TypeVar("S")
C = TypeVar("C", bound=Struct)
E = TypeVar("E", bound=Struct)


class Context(Struct, frozen=True):
    """All that a decision may know beside the state and the command."""

    now: datetime
    """The sender's clock when the command was sent, UTC; a decision never reads a clock."""
    command_id: str
    """UUID of the command, as text."""
    org_id: str
    aggregate_id: str
    """Prefix and id, such as `mig_…`."""
    actor: str
    """An API key's id, `executor:<id>`, or `timer`."""

    def new_id(self, prefix: str, name: str) -> str:
        """Make the id of a thing this decision creates: the same command and name, the same id."""
        return f"{prefix}{uuid5(UUID(self.command_id), name).hex}"


class Timer(Struct, frozen=True):
    """A command that the aggregate wants to be sent to itself, or to another."""

    at: datetime
    """UTC; the command is sent at this moment or, after a restart, as soon as possible."""
    command: Struct
    name: str
    """Unique in the aggregate for as long as it lives: the same name does not fire twice."""
    to: str | None = None
    """The aggregate of the same organisation that the command is for; None is this one."""


class OutgoingTask(Struct, frozen=True):
    """Work that should be with an executor now."""

    key: str
    """Unique in the aggregate for as long as it lives, so it holds the attempt's number."""
    partition_hint: int
    """Spreads tasks over the partitions of `sterna.tasks`; taken modulo their number."""
    body: Struct


@dataclass(frozen=True)
class Aggregate(Generic[S, C, E]):
    """A kind of thing that commands are sent to: what it is made of and how it decides.

    Every function is pure: no clock, no random value, no input or output.
    """

    name: str
    id_prefix: str
    """What the ids of this kind begin with, such as `mig_`."""
    initial: S
    commands: Any
    """The commands: a msgspec struct, or a union of them, each with a versioned tag in `type`."""
    events: Any
    """The events: likewise."""
    state_type: Any
    """The states: a frozen struct, or a tagged union of them; snapshots are read by it."""
    decide: Callable[[S, C, Context], tuple[E, ...]]
    """Gives the events a command leads to, none where nothing changes.

    Raises `Rejected` to refuse the command, which becomes an event too.
    """
    evolve: Callable[[S, E], S]
    """Gives the state after an event; never raises for an event that `decide` has made."""
    tasks: Callable[[S], tuple[OutgoingTask, ...]]
    """Gives every task that should be with executors in this state.

    Those not seen before are published when the decision is on the log, and all of them after
    a takeover: an executor can meet a task twice.
    """
    timers: Callable[[S], tuple[Timer, ...]]
    """Gives every timer that is set in this state."""
    schema_version: int
    """Goes up when the shape or meaning of a state changes: older snapshots are not used."""
