from typing import Annotated

from msgspec import Meta, Struct

from sterna_core.clock import UtcDatetime
from sterna_core.connection.endpoint import Endpoint
from sterna_core.migration.agenda import Agenda
from sterna_core.migration.incremental import IncrementalOptions
from sterna_core.migration.notifications import Notifications
from sterna_core.migration.plan import Mode, Selection
from sterna_core.migration.thresholds import Thresholds
from sterna_core.migration.validation_options import Kind, ValidationOptions

MEBIBYTE = 1024 * 1024


class Party(Struct, frozen=True, kw_only=True):
    """One side of a migration, as it was when the migration was created."""

    connection_name: str
    endpoint: Endpoint


class Options(Struct, frozen=True, kw_only=True):
    """How a migration is carried out.

    `parallelism` is the number of tasks at work at once; `batch_size` the rows of a chunk, where
    the default of `chunk_bytes` is not wanted; `snapshot_keep_seconds` how long the source's
    snapshot is held while nothing runs. `keep_bookkeeping` leaves the schema `_sterna` with its
    receipts on the target after cutover. `validation` says what is checked beside every row.
    `incremental` is for that mode only, where None means its defaults.
    """

    mode: Mode = "full"
    parallelism: Annotated[int, Meta(ge=1, le=64)] = 4
    batch_size: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    chunk_bytes: Annotated[int, Meta(ge=65_536, le=1024 * MEBIBYTE)] = 64 * MEBIBYTE
    auto_approve_above: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.95
    generate_rollback: bool = True
    snapshot_keep_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 3_600
    keep_bookkeeping: bool = False
    thresholds: Thresholds = Thresholds()
    validation: ValidationOptions = ValidationOptions()
    incremental: IncrementalOptions | None = None

    @property
    def passes(self) -> IncrementalOptions:
        """How passes are made in the mode `incremental`."""
        return self.incremental or IncrementalOptions()


class About(Struct, frozen=True, kw_only=True):
    """What a migration is, from its creation on; its `agenda` and what is skipped change."""

    migration_id: str
    org_id: str
    name: str
    description: str
    source: Party
    target: Party
    selection: Selection
    options: Options
    created_at: UtcDatetime
    created_by: str
    agenda: Agenda = Agenda()
    notifications: Notifications | None = None
    validation_skipped: tuple[Kind, ...] = ()
