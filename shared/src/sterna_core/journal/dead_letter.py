from sterna_core.journal.record import OutgoingRecord, StoredRecord
from sterna_core.journal.topics import RECORD_BYTES_MAX

_HEADROOM_BYTES = 4 * 1024


def dead_letter_record(topic: str, record: StoredRecord, error: str) -> OutgoingRecord:
    """Write what could not be read as it was, and where it stood.

    Its id follows from its place, so the same one written twice is recognised. A value that is
    too large for any topic is left where it stands.
    """
    place = f"{topic}-{record.partition}-{record.offset}"
    own: tuple[tuple[str, bytes], ...] = (
        ("ce_specversion", b"1.0"),
        ("ce_id", place.encode()),
        ("ce_source", b"/sterna/dead-letters"),
        ("ce_type", b"dead.letter.v1"),
        ("ce_originaltopic", topic.encode()),
        ("ce_originalpartition", b"%d" % record.partition),
        ("ce_originaloffset", b"%d" % record.offset),
        ("ce_errorclass", error.encode()),
        ("content-type", b"application/octet-stream"),
    )
    original = tuple((f"original_{name}", value) for name, value in record.headers)
    key, value = record.key or b"", record.value or b""
    letter = OutgoingRecord(key, value, (*own, *original))
    if letter.size_bytes() > RECORD_BYTES_MAX - _HEADROOM_BYTES:
        return OutgoingRecord(place.encode(), b"", (*own, ("ce_valueomitted", b"true")))
    return letter
