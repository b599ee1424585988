import asyncio
import time
from typing import Any

from msgspec import Struct

from sterna_cli.client.failure import ApiUnreachable
from sterna_cli.client.follower import EntryFollower
from sterna_cli.client.session import Session, decoder

_ALL = "/v1/namespaces/migrations"
_OVER = frozenset({"completed", "failed", "cancelled"})
LOOK_SECONDS = 0.2


class Finding(Struct, frozen=True, kw_only=True):
    """Something that a validation has found."""

    loc: tuple[str | int, ...]
    msg: str
    type: str


class Count(Struct, frozen=True, kw_only=True):
    """How many there are."""

    count: int
    exact: bool = True


class Figure(Struct, frozen=True, kw_only=True):
    """An estimate, and between what it lies in 95 of 100 samples."""

    value: float
    low: float
    high: float


class Estimates(Struct, frozen=True, kw_only=True):
    """What a migration would take, as measured on a sample; null is what nobody knows."""

    documents: Count | None = None
    tokens: Figure | None = None
    cost_usd: Figure | None = None
    duration_seconds: Figure | None = None


class Validation(Struct, frozen=True, kw_only=True):
    """Whether a migration can be done, and how much it would move."""

    valid: bool
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    estimated_resources: dict[str, int] = {}
    estimated_duration_seconds: float | None = None
    estimates: Estimates | None = None


class Validated(Struct, frozen=True, kw_only=True):
    """What a look at a source has found; nothing was made."""

    validation_result: Validation


class Made(Struct, frozen=True, kw_only=True):
    """A migration that was created."""

    migration_id: str
    status: str
    validation_result: Validation | None = None


class StageProgress(Struct, frozen=True, kw_only=True):
    """How far one stage is."""

    stage: str
    status: str
    items_total: int = 0
    items_completed: int = 0
    items_failed: int = 0


class Progress(Struct, frozen=True, kw_only=True):
    """How far a migration is."""

    overall_progress_percent: float = 0.0
    current_stage: str | None = None
    stages: tuple[StageProgress, ...] = ()


class NamespaceMigration(Struct, frozen=True, kw_only=True):
    """A namespace migration as it is shown."""

    migration_id: str
    namespace_id: str
    status: str
    progress: Progress
    error_message: str | None = None
    additional_data: dict[str, Any] = {}

    @property
    def is_over(self) -> bool:
        """Tell whether it does nothing more by itself."""
        return self.status in _OVER

    @property
    def target_namespace_id(self) -> str:
        """Name the target."""
        return str(self.additional_data["target_namespace_id"])


_VALIDATED = decoder(Validated)
_MADE = decoder(Made)
_MIGRATION = decoder(NamespaceMigration)
_ANYTHING = decoder(dict[str, Any])


class NamespaceMigrations:
    """`/v1/namespaces/migrations`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def validate(self, config: dict[str, Any]) -> Validation:
        """Look at a migration without making anything."""
        found: Validated = await self._session.post(
            f"{_ALL}/validate", {"config": config}, _VALIDATED
        )
        return found.validation_result

    async def create(self, config: dict[str, Any]) -> Made:
        """Make a draft."""
        made: Made = await self._session.post(f"{_ALL}/", {"config": config}, _MADE)
        return made

    async def start(self, migration_id: str, *, force: bool = False) -> None:
        """Begin; with `force` in spite of warnings."""
        await self._session.post(f"{_ALL}/{migration_id}/start", {"force": force}, _ANYTHING)

    async def cancel(self, migration_id: str) -> None:
        """Stop one; what it made stays, and can be removed."""
        await self._session.post(f"{_ALL}/{migration_id}/cancel", {}, _ANYTHING)

    async def get(self, migration_id: str) -> NamespaceMigration:
        """Give one migration."""
        found: NamespaceMigration = await self._session.get(f"{_ALL}/{migration_id}", _MIGRATION)
        return found

    def follow(self, migration_id: str) -> EntryFollower:
        """Give what is logged and how far it is, until the migration is over."""
        return EntryFollower(self._session, f"{_ALL}/{migration_id}/logs", {"follow": "true"})

    async def over(self, migration_id: str, within_seconds: float) -> NamespaceMigration:
        """Give a migration when it is over; raises ApiUnreachable."""
        deadline = time.monotonic() + within_seconds
        while not (found := await self.get(migration_id)).is_over:
            if time.monotonic() > deadline:
                raise ApiUnreachable(
                    f"the migration {migration_id} was not over within {within_seconds:.0f} s",
                    code="migration_unfinished",
                )
            await asyncio.sleep(LOOK_SECONDS)
        return found
