from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

from sterna_api.projections.database import Database
from sterna_api.projections.schema_steps import apply_schema, schema_steps
from sterna_api.repeats.answers import Answered, Claim, KeyedRequest, KeyReused, UnderWay
from sterna_core.postgres.queries import load_queries

LEASE_SECONDS = 5.0
"""An attempt that is not heard of for so long has died; a repeat may carry the request out."""

_SCHEMA_SUFFIX = "_answers"
"""Beside the projections, for a rebuild puts others in their place."""
_PACKAGE = "sterna_api.repeats"


class PostgresAnswers:
    """Keeps answers in PostgreSQL, by whose clock leases end."""

    def __init__(self, database: Database, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._database = database
        self._lease_seconds = lease_seconds
        self._queries = load_queries(_PACKAGE, "answers.sql")

    async def claim(self, request: KeyedRequest) -> Claim | UnderWay | Answered:
        """Begin a request, or say what became of it; raises KeyReused, DatabaseAway."""
        claim = Claim(request, str(uuid4()))
        begun = await self._database.fetchrow(
            self._queries["claim"],
            request.org_id,
            request.command_id,
            request.fingerprint,
            claim.claim_id,
            self._lease_seconds,
        )
        if begun is not None:
            return claim
        known = await self._database.fetchrow(
            self._queries["find"], request.org_id, request.command_id
        )
        if known is None:
            return UnderWay()  # it was forgotten this moment: whoever asks again begins it
        if known["fingerprint"] != request.fingerprint:
            raise KeyReused
        return UnderWay() if known["sealed"] is None else Answered(known["sealed"])

    async def renew(self, claim: Claim) -> None:
        """Say that a request is still being carried out; raises DatabaseAway."""
        await self._change("renew", claim, self._lease_seconds)

    async def keep(self, claim: Claim, sealed: str) -> None:
        """Keep the answer of a request that was carried out; raises DatabaseAway."""
        await self._change("keep", claim, sealed)

    async def release(self, claim: Claim) -> None:
        """Let a request be carried out again; raises DatabaseAway."""
        await self._change("release", claim)

    async def forget(self, *, seconds: float, most: int) -> int:
        """Forget requests that were begun so long ago, at most so many; gives how many."""
        return await self._database.count(self._queries["forget"], seconds, most)

    async def _change(self, statement: str, claim: Claim, *further: object) -> None:
        request = claim.request
        await self._database.fetch(
            self._queries[statement],
            request.org_id,
            request.command_id,
            claim.claim_id,
            *further,
        )


@asynccontextmanager
async def open_answers(
    projections: Database, *, lease_seconds: float = LEASE_SECONDS
) -> AsyncGenerator[PostgresAnswers, None]:
    """Open the answers of an installation, beside its projections; raises DatabaseAway."""
    database = projections.with_schema(projections.schema + _SCHEMA_SUFFIX)
    async with database.session() as connection:
        await apply_schema(connection, database.schema, schema_steps(_PACKAGE))
    await database.open()
    try:
        yield PostgresAnswers(database, lease_seconds=lease_seconds)
    finally:
        await database.close()
