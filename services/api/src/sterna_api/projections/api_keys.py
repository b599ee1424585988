from msgspec import Struct

from sterna_api.http.caller import Caller
from sterna_api.http.known_key import KnownKey
from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core.api_key.commands import Environment
from sterna_core.clock import Clock, UtcDatetime

_SQL = Statements("reading.sql")


class ApiKeyLine(Struct, frozen=True):
    """What is shown of a key; the key itself is known to its owner only."""

    id: str
    name: str
    scopes: list[str]
    ip_whitelist: list[str]
    environment: Environment
    created_at: UtcDatetime
    created_by: str
    expires_at: UtcDatetime | None
    rotated_at: UtcDatetime | None
    previous_valid_until: UtcDatetime | None
    revoked_at: UtcDatetime | None


class ApiKeys:
    """The keys of organisations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def by_digest(self, digest: str) -> KnownKey | None:
        """Give the key with a digest, if there is or was one."""
        row = await self._database.fetchrow(_SQL["api_key_by_digest"], digest)
        if row is None:
            return None
        now = self._clock()
        ends = (row["expires_at"], row["previous_until"] if row["replaced"] else None)
        return KnownKey(
            Caller(row["org_id"], row["api_key_id"], tuple(row["scopes"])),
            accepted=row["revoked_at"] is None and all(end is None or end > now for end in ends),
            ip_whitelist=tuple(row["ip_whitelist"]),
        )

    async def find(self, org_id: str, api_key_id: str) -> ApiKeyLine | None:
        """Give a key, if the organisation has it."""
        row = await self._database.fetchrow(_SQL["api_key"], org_id, api_key_id)
        return ApiKeyLine(*row.values()) if row else None

    async def page(self, org_id: str, *, limit: int, offset: int) -> Page[ApiKeyLine]:
        """Give some keys, newest first."""
        rows = await self._database.fetch(_SQL["api_keys"], org_id, limit, offset)
        items = [ApiKeyLine(*row.values()) for row in rows]
        total = await self._database.count(_SQL["api_keys_count"], org_id)
        return Page(items, total, limit, offset)
