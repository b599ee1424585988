from collections.abc import Mapping
from typing import Any

from sterna_cli.client.answers import Acknowledgement, Migration, MigrationList
from sterna_cli.client.errors import Error, ErrorDecision, ErrorList, Resolving
from sterna_cli.client.follower import EntryFollower
from sterna_cli.client.lag import LagReport
from sterna_cli.client.lifecycle import CheckpointList, Deleted, StatusLine
from sterna_cli.client.measures import MetricsReport, ValidationReport
from sterna_cli.client.plan import Plan
from sterna_cli.client.session import PATIENCE_SECONDS, Session, decoder
from sterna_cli.client.stream import LogPage

_MIGRATION = decoder(Migration)
_MIGRATIONS = decoder(MigrationList)
_ACKNOWLEDGEMENT = decoder(Acknowledgement)
_PLAN = decoder(Plan)
_LOGS = decoder(LogPage)
_METRICS = decoder(MetricsReport)
_VALIDATION = decoder(ValidationReport)
_ERROR = decoder(Error)
_ERRORS = decoder(ErrorList)
_DECISION = decoder(ErrorDecision)
_STATUS = decoder(StatusLine)
_CHECKPOINTS = decoder(CheckpointList)
_DELETED = decoder(Deleted)
_LAG = decoder(LagReport)
_ANYTHING = decoder(Any)


class Migrations:
    """`/v1/migrations`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, body: dict[str, Any]) -> Migration:
        """Make a migration; its plan is generated at once."""
        made: Migration = await self._session.post("/v1/migrations", body, _MIGRATION)
        return made

    async def get(self, migration_id: str) -> Migration:
        """Give one migration."""
        found: Migration = await self._session.get(f"/v1/migrations/{migration_id}", _MIGRATION)
        return found

    async def list(
        self, *, status: str | None = None, limit: int = 20, offset: int = 0
    ) -> MigrationList:
        """Give some migrations, the newest first."""
        params = {"limit": str(limit), "offset": str(offset)}
        if status is not None:
            params["status"] = status
        found: MigrationList = await self._session.get("/v1/migrations", _MIGRATIONS, params)
        return found

    async def plan(self, migration_id: str) -> Plan:
        """Give the plan."""
        found: Plan = await self._session.get(f"/v1/migrations/{migration_id}/plan", _PLAN)
        return found

    async def metrics(self, migration_id: str) -> MetricsReport:
        """Give figures, table by table."""
        found: MetricsReport = await self._session.get(
            f"/v1/migrations/{migration_id}/metrics", _METRICS
        )
        return found

    async def validation(self, migration_id: str) -> ValidationReport:
        """Give what the comparison of both sides found."""
        found: ValidationReport = await self._session.get(
            f"/v1/migrations/{migration_id}/validation", _VALIDATION
        )
        return found

    async def decide_mapping(
        self, migration_id: str, mapping_id: str, *, approved: bool, comment: str
    ) -> None:
        """Approve one mapping, or reject it."""
        await self._session.post(
            f"/v1/migrations/{migration_id}/plan/mappings/{mapping_id}/approve",
            {"approved": approved, "comment": comment},
            _ANYTHING,
        )

    async def start(self, migration_id: str) -> Acknowledgement:
        """Begin what the plan says."""
        return await self._command(migration_id, "start", {})

    async def pause(
        self, migration_id: str, *, reason: str, immediate: bool = False
    ) -> Acknowledgement:
        """Stop at the next checkpoint, or at once."""
        return await self._command(
            migration_id, "pause", {"reason": reason, "immediate": immediate}
        )

    async def resume(self, migration_id: str) -> Acknowledgement:
        """Go on from the last checkpoint."""
        return await self._command(migration_id, "resume", {})

    async def cancel(
        self, migration_id: str, *, reason: str, rollback: bool, force: bool = False
    ) -> Acknowledgement:
        """Give up; with `rollback` the target is made as it was."""
        return await self._command(
            migration_id, "cancel", {"reason": reason, "rollback": rollback, "force": force}
        )

    async def errors(
        self, migration_id: str, *, status: str | None = None, limit: int = 20, offset: int = 0
    ) -> ErrorList:
        """Give some of the errors, the newest first."""
        params = {"limit": str(limit), "offset": str(offset)}
        if status is not None:
            params["status"] = status
        found: ErrorList = await self._session.get(
            f"/v1/migrations/{migration_id}/errors", _ERRORS, params
        )
        return found

    async def error(self, migration_id: str, error_id: str) -> Error:
        """Give one error."""
        found: Error = await self._session.get(
            f"/v1/migrations/{migration_id}/errors/{error_id}", _ERROR
        )
        return found

    async def resolve_error(
        self, migration_id: str, error_id: str, *, resolution: str, reason: str | None = None
    ) -> ErrorDecision:
        """Decide what becomes of rows that were refused."""
        wanted = Resolving(resolution=resolution, reason=reason)
        return await self.resolve_error_with(migration_id, error_id, wanted)

    async def resolve_error_with(
        self, migration_id: str, error_id: str, wanted: Resolving
    ) -> ErrorDecision:
        """Decide what becomes of rows that were refused, and with what."""
        decided: ErrorDecision = await self._session.post(
            f"/v1/migrations/{migration_id}/errors/{error_id}/resolve", wanted, _DECISION
        )
        return decided

    async def retry_error(self, migration_id: str, error_id: str) -> ErrorDecision:
        """Have rows that were refused tried again."""
        decided: ErrorDecision = await self._session.post(
            f"/v1/migrations/{migration_id}/errors/{error_id}/retry", {}, _DECISION
        )
        return decided

    async def status(self, migration_id: str) -> StatusLine:
        """Give a migration in short."""
        found: StatusLine = await self._session.get(
            f"/v1/migrations/{migration_id}/status", _STATUS
        )
        return found

    async def lag(self, migration_id: str) -> LagReport:
        """Tell how far a target is behind its source."""
        found: LagReport = await self._session.get(f"/v1/migrations/{migration_id}/lag", _LAG)
        return found

    async def stop(self, migration_id: str, *, immediate: bool = False) -> Acknowledgement:
        """Bring a target up to date once more, and finish."""
        return await self._command(migration_id, "stop", {"immediate": immediate})

    async def checkpoints(self, migration_id: str, *, limit: int = 20) -> CheckpointList:
        """Give the newest checkpoints."""
        found: CheckpointList = await self._session.get(
            f"/v1/migrations/{migration_id}/checkpoints", _CHECKPOINTS, {"limit": str(limit)}
        )
        return found

    async def roll_back(
        self, migration_id: str, *, strategy: str, verify: bool, reason: str
    ) -> Acknowledgement:
        """Undo a migration that is not at work."""
        body = {"strategy": strategy, "verify_after": verify, "reason": reason}
        return await self._command(migration_id, "rollback", body)

    async def delete(self, migration_id: str, *, keep_logs: bool, keep_metrics: bool) -> Deleted:
        """Delete a migration that is not at work."""
        params = {
            "keep_logs": str(keep_logs).lower(),
            "keep_metrics": str(keep_metrics).lower(),
        }
        deleted: Deleted = await self._session.delete_for(
            f"/v1/migrations/{migration_id}", params, _DELETED
        )
        return deleted

    async def logs(self, migration_id: str, params: Mapping[str, str]) -> LogPage:
        """Give some lines of the log."""
        page: LogPage = await self._session.get(
            f"/v1/migrations/{migration_id}/logs", _LOGS, params
        )
        return page

    def follow(
        self,
        migration_id: str,
        params: Mapping[str, str],
        *,
        last_event_id: str = "",
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> EntryFollower:
        """Give what is logged and how far it is, until the migration is over."""
        return EntryFollower(
            self._session,
            f"/v1/migrations/{migration_id}/logs",
            {**params, "follow": "true"},
            last_event_id=last_event_id,
            patience_seconds=patience_seconds,
        )

    async def _command(
        self, migration_id: str, verb: str, body: dict[str, object]
    ) -> Acknowledgement:
        answer: Acknowledgement = await self._session.post(
            f"/v1/migrations/{migration_id}/{verb}", body, _ACKNOWLEDGEMENT
        )
        return answer
