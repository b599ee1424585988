from datetime import datetime

from msgspec import Struct

from sterna_core.journal.aggregate import OutgoingTask
from sterna_core.journal.codec import encode, tag_of
from sterna_core.journal.envelope import Undecodable, request_header, request_id_of
from sterna_core.journal.record import OutgoingRecord, StoredRecord
from sterna_core.journal.topics import key_of


class TaskEnvelope(Struct, frozen=True):
    """What a task's headers say."""

    type: str
    org_id: str
    aggregate_id: str
    key: str
    """Unique in the aggregate; a task that comes twice comes with the same key."""
    request_id: str | None = None
    """The request that it follows from."""


def task_record(
    org_id: str,
    aggregate_id: str,
    task: OutgoingTask,
    now: datetime,
    request_id: str | None = None,
) -> OutgoingRecord:
    """Write a task as a record."""
    return OutgoingRecord(
        key_of(org_id, aggregate_id),
        encode(task.body),
        (
            ("ce_specversion", b"1.0"),
            ("ce_id", f"{aggregate_id}/{task.key}".encode()),
            ("ce_source", b"/sterna/tasks"),
            ("ce_type", tag_of(task.body).encode()),
            ("ce_time", now.isoformat().encode()),
            ("ce_subject", aggregate_id.encode()),
            ("ce_orgid", org_id.encode()),
            ("ce_taskkey", task.key.encode()),
            ("content-type", b"application/json"),
            *request_header(request_id),
        ),
    )


def read_task(record: StoredRecord) -> TaskEnvelope:
    """Read a task's headers; raises Undecodable."""
    headers = dict(record.headers)
    try:
        return TaskEnvelope(
            type=headers["ce_type"].decode(),
            org_id=headers["ce_orgid"].decode(),
            aggregate_id=headers["ce_subject"].decode(),
            key=headers["ce_taskkey"].decode(),
            request_id=request_id_of(headers),
        )
    except (KeyError, ValueError):
        raise Undecodable("A task's headers are missing or are not text.") from None
