from typing import Any

import msgspec
from msgspec import Struct

from sterna_core.clock import UtcDatetime


class Notification(Struct, frozen=True):
    """Something that webhooks and people can be told; the body is what is sent, as JSON."""

    org_id: str
    event_id: str
    type: str
    at: UtcDatetime
    body: str
    addressee: str | None = None
    """The one webhook that is told; None is every one that asks."""
    about: str | None = None
    """What it is about, where webhooks ask for what concerns one thing alone."""


def make_notification(
    *,
    org_id: str,
    event_id: str,
    kind: str,
    at: UtcDatetime,
    data: dict[str, Any],
    addressee: str | None = None,
    request_id: str | None = None,
    about: str | None = None,
) -> Notification:
    """Write what is sent: `{id, type, created_at, data, metadata}`.

    The environment is added to `metadata` when it is sent, for it is not of the journal.
    """
    metadata = {"organization_id": org_id}
    if request_id is not None:
        metadata["request_id"] = request_id
    body = {
        "id": event_id,
        "type": kind,
        "created_at": at,
        "data": data,
        "metadata": metadata,
    }
    text = msgspec.json.encode(body).decode()
    return Notification(org_id, event_id, kind, at, text, addressee, about)
