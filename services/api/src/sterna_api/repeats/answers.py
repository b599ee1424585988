"""Answers that are kept for repeats of a request, for a while."""

from typing import Protocol
from uuid import uuid4

from msgspec import Struct

from sterna_core.errors import Rejected, Transient


class KeyedRequest(Struct, frozen=True):
    """A request with an Idempotency-Key; `command_id` stands for the key in its organisation."""

    org_id: str
    command_id: str
    fingerprint: str
    """Tells another request under the same key from a repeat."""


class Claim(Struct, frozen=True):
    """The right to carry a request out, held by one attempt."""

    request: KeyedRequest
    claim_id: str


class UnderWay(Struct, frozen=True):
    """The request is being carried out by another attempt."""


class Answered(Struct, frozen=True):
    """The request has been answered; `sealed` holds the answer."""

    sealed: str


class KeyReused(Rejected):
    """The same key came with another request before."""

    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_reused",
            "The same Idempotency-Key came with another request before; use a new key.",
        )


class RequestInProgress(Transient):
    """The first request with this key has not been answered yet."""

    code = "request_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "A request with the same Idempotency-Key is still being carried out. Send it again"
            " with the same key: it gets the same answer."
        )


class Answers(Protocol):
    """Keeps what was answered to requests with a key. Every method raises Transient."""

    async def claim(self, request: KeyedRequest) -> Claim | UnderWay | Answered:
        """Begin a request, or say what became of it; raises KeyReused."""
        ...

    async def renew(self, claim: Claim) -> None:
        """Say that a request is still being carried out."""
        ...

    async def keep(self, claim: Claim, sealed: str) -> None:
        """Keep the answer of a request that was carried out."""
        ...

    async def release(self, claim: Claim) -> None:
        """Let a request be carried out again."""
        ...


class InMemoryAnswers:
    """Answers of one process; an attempt that is not heard of never loses its claim."""

    def __init__(self) -> None:
        self._claims: dict[tuple[str, str], Claim] = {}
        self._sealed: dict[tuple[str, str], str] = {}

    async def claim(self, request: KeyedRequest) -> Claim | UnderWay | Answered:
        """Begin a request, or say what became of it; raises KeyReused."""
        place = (request.org_id, request.command_id)
        known = self._claims.get(place)
        if known is None:
            self._claims[place] = claim = Claim(request, str(uuid4()))
            return claim
        if known.request.fingerprint != request.fingerprint:
            raise KeyReused
        return Answered(self._sealed[place]) if place in self._sealed else UnderWay()

    async def renew(self, claim: Claim) -> None:
        """Say that a request is still being carried out."""

    async def keep(self, claim: Claim, sealed: str) -> None:
        """Keep the answer of a request that was carried out."""
        place = (claim.request.org_id, claim.request.command_id)
        if self._claims.get(place) == claim:
            self._sealed.setdefault(place, sealed)

    async def release(self, claim: Claim) -> None:
        """Let a request be carried out again."""
        place = (claim.request.org_id, claim.request.command_id)
        if self._claims.get(place) == claim and place not in self._sealed:
            del self._claims[place]
