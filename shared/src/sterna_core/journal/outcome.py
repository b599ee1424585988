"""What the journal itself has to say about a command, beside the events of its aggregate."""

from typing import Any

from msgspec import Struct

from sterna_core.errors import Rejected


class CommandRejected(Struct, frozen=True, tag_field="type", tag="command.rejected.v1"):
    """The command was refused."""

    code: str
    message: str
    details: dict[str, Any] = {}

    def to_error(self) -> Rejected:
        """Give the refusal as the error to raise."""
        return Rejected(self.code, self.message, dict(self.details))


class CommandAcknowledged(Struct, frozen=True, tag_field="type", tag="command.acknowledged.v1"):
    """The command was accepted, and nothing had to change."""


class CommandRepeated(Struct, frozen=True, tag_field="type", tag="command.repeated.v1"):
    """The command had been answered before: this is the first answer."""

    first_sequence: int
    """The aggregate's sequence at the first event of the first answer."""
    rejected: CommandRejected | None = None


JournalEvent = CommandRejected | CommandAcknowledged | CommandRepeated


class Outcome(Struct, frozen=True):
    """What became of a command that somebody waited for."""

    events: tuple[Struct, ...]
    """The aggregate's events; none where nothing had to change, or the command was a repeat."""
    rejected: Rejected | None
    position: str
    """`<partition>-<offset>` of the last record: a projection that is there knows the outcome."""
    sequence: int = 0
    """The aggregate's version after it; 0 where the aggregate was left alone."""
    repeated: bool = False
    """The same command had been answered before, and this is that answer."""
    first_sequence: int | None = None
    """Where the first answer began, for a repeat that was accepted."""
