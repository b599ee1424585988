from datetime import datetime
from typing import Protocol

from aiohttp import web
from msgspec import Struct

from sterna_api.http.caller import ORIGIN, Caller, caller_of
from sterna_api.http.fingerprint import fingerprint
from sterna_api.http.idempotency import idempotency_key
from sterna_core import ids
from sterna_core.clock import Clock
from sterna_core.journal.origin import Origin
from sterna_core.journal.outcome import Outcome

POSITION_HEADER = "Sterna-Position"


class CommandPort(Protocol):
    """Sends commands and waits for what becomes of them."""

    async def send(
        self,
        aggregate_id: str,
        org_id: str,
        command: Struct,
        *,
        command_id: str,
        actor: str,
        now: datetime,
        deadline_seconds: float,
        request_hash: str | None = None,
        origin: Origin | None = None,
    ) -> Outcome:
        """Give the outcome, a refusal included; raises OutcomeUnknown after the deadline."""
        ...


class Ticket(Struct, frozen=True):
    """What identifies one request that changes something: its repeat has the same ticket."""

    caller: Caller
    command_id: str
    request_hash: str
    now: datetime
    origin: Origin = Origin()

    def new_id(self, prefix: str) -> str:
        """Make the id of what this request creates: a repeat creates the same thing."""
        return ids.derived_id(prefix, self.caller.org_id, self.command_id)


class CommandDesk:
    """Where handlers hand in commands."""

    def __init__(
        self, port: CommandPort, clock: Clock, *, deadline_seconds: float, hash_key: bytes
    ) -> None:
        self._port = port
        self._hash_key = hash_key
        self._clock = clock
        self._deadline_seconds = deadline_seconds

    def ticket(self, request: web.Request, body: Struct | None = None) -> Ticket:
        """Identify a request; raises InvalidShape where its Idempotency-Key is no word."""
        caller = caller_of(request)
        key = idempotency_key(request)
        return Ticket(
            caller=caller,
            command_id=ids.command_id_for(caller.org_id, key),
            request_hash=fingerprint(request, body, self._hash_key),
            now=self._clock(),
            origin=request.get(ORIGIN, Origin()),
        )

    async def hand_in(self, ticket: Ticket, aggregate_id: str, command: Struct) -> Outcome:
        """Send a command and give its outcome; raises what it was refused with."""
        outcome = await self._port.send(
            aggregate_id,
            ticket.caller.org_id,
            command,
            command_id=ticket.command_id,
            actor=ticket.caller.key_id,
            now=ticket.now,
            deadline_seconds=self._deadline_seconds,
            request_hash=ticket.request_hash,
            origin=ticket.origin,
        )
        if outcome.rejected is not None:
            raise outcome.rejected
        return outcome


def position_of(outcome: Outcome) -> dict[str, str]:
    """Give the header by which a later GET can ask to see what was written."""
    return {POSITION_HEADER: outcome.position}
