from datetime import datetime
from typing import Literal

from msgspec import Struct

from sterna_api.projections.database import Database
from sterna_api.projections.page import Page
from sterna_api.projections.statements import Statements
from sterna_core import ids
from sterna_core.clock import UtcDatetime

AuditResult = Literal["success", "failure", "denied"]
_SQL = Statements("reading.sql")


class AuditActor(Struct, frozen=True):
    """Who did it; nobody is known by a key that nobody has."""

    type: Literal["api_key", "unknown"]
    id: str | None
    name: str | None


class AuditLine(Struct, frozen=True, kw_only=True):
    """Something that was done, or was refused."""

    id: str
    timestamp: UtcDatetime
    actor: AuditActor
    action: str
    resource: str
    ip_address: str | None
    user_agent: str | None
    result: AuditResult
    code: str | None


class AuditLog:
    """Who did what in organisations, as projected. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        org_id: str,
        *,
        actor: str | None,
        action: str | None,
        since: datetime | None,
        limit: int,
        offset: int,
    ) -> Page[AuditLine]:
        """Give some lines, newest first."""
        wanted = (org_id, actor, action, since)
        rows = await self._database.fetch(_SQL["audit_lines"], *wanted, limit, offset)
        items = [
            AuditLine(
                id=ids.derived_id(
                    "aud_", str(row["source"]), str(row["partition"]), str(row["position"])
                ),
                timestamp=row["at"],
                actor=AuditActor(
                    "api_key" if row["actor"] else "unknown", row["actor"], row["actor_name"]
                ),
                action=row["action"],
                resource=row["resource"],
                ip_address=row["address"],
                user_agent=row["user_agent"],
                result=row["result"],
                code=row["code"],
            )
            for row in rows
        ]
        total = await self._database.count(_SQL["audit_lines_count"], *wanted)
        return Page(items, total, limit, offset)
