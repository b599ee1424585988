import hashlib
from datetime import datetime

from msgspec import Struct

from sterna_core.journal.codec import encode, tag_of
from sterna_core.journal.envelope import CommandEnvelope, command_headers
from sterna_core.journal.log import RecordTooLarge
from sterna_core.journal.origin import Origin
from sterna_core.journal.record import OutgoingRecord
from sterna_core.journal.topics import RECORD_BYTES_MAX, key_of


def command_record(
    command: Struct,
    *,
    org_id: str,
    aggregate_id: str,
    command_id: str,
    actor: str,
    now: datetime,
    expect_outcome: bool,
    request_hash: str | None = None,
    origin: Origin | None = None,
    request_id: str | None = None,
) -> OutgoingRecord:
    """Write a command as a record.

    `request_hash` tells a repeat from another command under the same id. Without it the body
    does, which is wrong where the body holds something fresh, such as what was just encrypted.

    Raises RecordTooLarge, and ValueError for a time without a zone.
    """
    if now.tzinfo is None:
        raise ValueError("the time of a command has no zone")
    body = encode(command)
    envelope = CommandEnvelope(
        type=tag_of(command),
        org_id=org_id,
        aggregate_id=aggregate_id,
        command_id=command_id,
        command_hash=request_hash or hash_of(body),
        actor=actor,
        now=now,
        expect_outcome=expect_outcome,
        origin=origin,
        request_id=request_id,
    )
    record = OutgoingRecord(key_of(org_id, aggregate_id), body, command_headers(envelope))
    if record.size_bytes() > RECORD_BYTES_MAX:
        raise RecordTooLarge(
            f"The command is larger than {RECORD_BYTES_MAX} bytes; ask for less at a time.",
            details={"limit_bytes": RECORD_BYTES_MAX},
        )
    return record


def hash_of(body: bytes) -> str:
    """Give what tells a command's body from another's."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()
