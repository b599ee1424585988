"""The read model of a connection: what a GET answers from, folded from the events alone."""

from typing import Literal, assert_never

from msgspec import Struct
from msgspec.structs import replace

from sterna_core.clock import UtcDatetime
from sterna_core.connection.changes import ConnectionChanges
from sterna_core.connection.endpoint import Endpoint
from sterna_core.connection.events import (
    AnyEvent,
    ConnectionCreated,
    ConnectionDeleted,
    ConnectionProbed,
    ConnectionUpdated,
)
from sterna_core.connection.options import ConnectionOptions, Role
from sterna_core.connection.probe import ProbeResult

ConnectionStatus = Literal["testing", "connected", "failed"]


class ConnectionView(Struct, frozen=True, kw_only=True):
    """A connection as its readers see it; the sealed password is for commands only."""

    name: str
    description: str
    role: Role
    endpoint: Endpoint
    schemas: tuple[str, ...]
    options: ConnectionOptions
    tags: tuple[str, ...]
    created_at: UtcDatetime
    created_by: str
    probe: ProbeResult | None = None
    revision: int = 0

    @property
    def status(self) -> ConnectionStatus:
        """Say what the last trial found; `testing` before the first has ended."""
        if self.probe is None:
            return "testing"
        return "connected" if self.probe.succeeded else "failed"


def fold_connection(view: ConnectionView | None, event: AnyEvent) -> ConnectionView | None:
    """Give the view after an event; None where there is no connection."""
    match event:
        case ConnectionCreated():
            return ConnectionView(
                name=event.name,
                description=event.description,
                role=event.role,
                endpoint=event.endpoint,
                schemas=event.schemas,
                options=event.options,
                tags=event.tags,
                created_at=event.at,
                created_by=event.by,
            )
        case ConnectionUpdated():
            return _updated(view, event.changes) if view else None
        case ConnectionProbed():
            return replace(view, probe=event.result) if view else None
        case ConnectionDeleted():
            return None
    assert_never(event)


def _updated(view: ConnectionView, changes: ConnectionChanges) -> ConnectionView:
    given = {
        "name": changes.name,
        "description": changes.description,
        "role": changes.role,
        "tags": changes.tags,
        "schemas": changes.schemas,
    }
    return replace(
        view,
        **{name: value for name, value in given.items() if value is not None},
        endpoint=changes.applied_to_endpoint(view.endpoint),
        options=changes.applied_to_options(view.options),
        probe=None if changes.leads_elsewhere else view.probe,
        revision=view.revision + changes.leads_elsewhere,
    )
