"""CloudEvents 1.0 in binary mode: what stands in a record's headers."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from sterna_core.errors import Terminal
from sterna_core.journal.origin import Origin
from sterna_core.journal.record import Headers, StoredRecord
from sterna_core.journal.terms import TERM_STARTED

_SPECVERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", b"application/json")
_COMMAND_SOURCE = ("ce_source", b"/sterna/commands")
_JOURNAL_SOURCE = ("ce_source", b"/sterna/journal")
_EXPECT_OUTCOME = ("ce_expectoutcome", b"true")
_REQUEST_ID = "ce_requestid"


class Undecodable(Terminal):
    """A record is not what its topic holds; the message names the part, never its contents."""

    code = "undecodable"


class CommandEnvelope(Struct, frozen=True):
    """What a command's headers say."""

    type: str
    org_id: str
    aggregate_id: str
    command_id: str
    command_hash: str
    """Tells a repeat from another command under the same id."""
    actor: str
    now: datetime
    expect_outcome: bool
    """Somebody waits, so the journal says something even where nothing changes."""
    origin: Origin | None = None
    """Where a request came from, for a command of the REST interface."""
    request_id: str | None = None
    """The request that it follows from, however many steps lie between."""


class EventEnvelope(Struct, frozen=True):
    """What a journal record's headers say."""

    type: str
    org_id: str
    aggregate_id: str
    command_id: str
    command_hash: str
    actor: str
    time: datetime
    term: int
    owner: str
    source_offset: int
    """The offset of the command this answers."""
    sequence: int
    """The aggregate's version; 0 for an answer that leaves the aggregate alone."""
    index: int
    count: int
    position: int
    expect_outcome: bool
    command_type: str = ""
    """Of a command of the REST interface, on the first record of what it led to."""
    origin: Origin | None = None
    request_id: str | None = None
    """The request that the command follows from, however many steps lie between."""


def command_headers(envelope: CommandEnvelope) -> Headers:
    """Write the headers of a command."""
    headers: Headers = (
        _SPECVERSION,
        ("ce_id", envelope.command_id.encode()),
        _COMMAND_SOURCE,
        ("ce_type", envelope.type.encode()),
        ("ce_time", envelope.now.isoformat().encode()),
        ("ce_subject", envelope.aggregate_id.encode()),
        ("ce_orgid", envelope.org_id.encode()),
        ("ce_commandid", envelope.command_id.encode()),
        ("ce_commandhash", envelope.command_hash.encode()),
        ("ce_actor", envelope.actor.encode()),
        _CONTENT_TYPE,
    )
    headers = (*headers, *_origin_headers(envelope.origin), *request_header(envelope.request_id))
    return (*headers, _EXPECT_OUTCOME) if envelope.expect_outcome else headers


def event_headers(envelope: EventEnvelope) -> Headers:
    """Write the headers of a journal record.

    The id is unique whatever a stopped owner writes: an owner's id is never used twice, and an
    owner expects each position once.
    """
    headers: Headers = (
        _SPECVERSION,
        ("ce_id", f"{envelope.owner}-{envelope.position}".encode()),
        _JOURNAL_SOURCE,
        ("ce_type", envelope.type.encode()),
        ("ce_time", envelope.time.isoformat().encode()),
        ("ce_subject", envelope.aggregate_id.encode()),
        ("ce_orgid", envelope.org_id.encode()),
        ("ce_commandid", envelope.command_id.encode()),
        ("ce_commandhash", envelope.command_hash.encode()),
        ("ce_actor", envelope.actor.encode()),
        ("ce_term", b"%d" % envelope.term),
        ("ce_owner", envelope.owner.encode()),
        ("ce_sourceoffset", b"%d" % envelope.source_offset),
        ("ce_sequence", b"%d" % envelope.sequence),
        ("ce_index", b"%d" % envelope.index),
        ("ce_count", b"%d" % envelope.count),
        ("ce_position", b"%d" % envelope.position),
        _CONTENT_TYPE,
    )
    if envelope.origin is not None:
        told = ("ce_commandtype", envelope.command_type.encode())
        headers = (*headers, told, *_origin_headers(envelope.origin))
    headers = (*headers, *request_header(envelope.request_id))
    return (*headers, _EXPECT_OUTCOME) if envelope.expect_outcome else headers


def term_headers(*, term: int, owner: str, position: int, now: datetime) -> Headers:
    """Write the headers of the record that opens a term."""
    return (
        _SPECVERSION,
        ("ce_id", f"{owner}-{position}".encode()),
        _JOURNAL_SOURCE,
        ("ce_type", TERM_STARTED.encode()),
        ("ce_time", now.isoformat().encode()),
        ("ce_term", b"%d" % term),
        ("ce_owner", owner.encode()),
        ("ce_position", b"%d" % position),
        _CONTENT_TYPE,
    )


def read_command(record: StoredRecord) -> CommandEnvelope:
    """Read a command's headers; raises Undecodable."""
    headers = dict(record.headers)
    command_id = _text(headers, "ce_commandid")
    try:
        UUID(command_id)
    except ValueError:
        raise Undecodable("The header ce_commandid is not a UUID.") from None
    return CommandEnvelope(
        type=_text(headers, "ce_type"),
        org_id=_text(headers, "ce_orgid"),
        aggregate_id=_text(headers, "ce_subject"),
        command_id=command_id,
        command_hash=_text(headers, "ce_commandhash"),
        actor=_text(headers, "ce_actor"),
        now=_time(headers),
        expect_outcome="ce_expectoutcome" in headers,
        origin=_origin(headers),
        request_id=request_id_of(headers),
    )


def read_event(record: StoredRecord) -> EventEnvelope:
    """Read a journal record's headers; raises Undecodable."""
    headers = dict(record.headers)
    return EventEnvelope(
        type=_text(headers, "ce_type"),
        org_id=_text(headers, "ce_orgid"),
        aggregate_id=_text(headers, "ce_subject"),
        command_id=_text(headers, "ce_commandid"),
        command_hash=_text(headers, "ce_commandhash"),
        actor=_text(headers, "ce_actor"),
        time=_time(headers),
        term=_number(headers, "ce_term"),
        owner=_text(headers, "ce_owner"),
        source_offset=_number(headers, "ce_sourceoffset"),
        sequence=_number(headers, "ce_sequence"),
        index=_number(headers, "ce_index"),
        count=_number(headers, "ce_count"),
        position=_number(headers, "ce_position"),
        expect_outcome="ce_expectoutcome" in headers,
        command_type=headers.get("ce_commandtype", b"").decode(errors="replace"),
        origin=_origin(headers),
        request_id=request_id_of(headers),
    )


def request_header(request_id: str | None) -> Headers:
    """Write the header that names the request a record follows from, if there is one."""
    return () if request_id is None else ((_REQUEST_ID, request_id.encode()),)


def request_id_of(headers: Mapping[str, bytes]) -> str | None:
    """Read the request that a record follows from."""
    written = headers.get(_REQUEST_ID)
    return None if written is None else written.decode(errors="replace")


def _origin_headers(origin: Origin | None) -> Headers:
    if origin is None:
        return ()
    address, user_agent = origin.address or "", origin.user_agent or ""
    return (("ce_clientaddress", address.encode()), ("ce_useragent", user_agent.encode()))


def _origin(headers: dict[str, bytes]) -> Origin | None:
    if "ce_clientaddress" not in headers:
        return None
    address = headers["ce_clientaddress"].decode(errors="replace")
    user_agent = headers.get("ce_useragent", b"").decode(errors="replace")
    return Origin(address or None, user_agent or None)


def _text(headers: dict[str, bytes], name: str) -> str:
    try:
        return headers[name].decode()
    except (KeyError, ValueError):
        raise Undecodable(f"The header {name} is missing or is not text.") from None


def _number(headers: dict[str, bytes], name: str) -> int:
    try:
        return int(headers[name])
    except (KeyError, ValueError):
        raise Undecodable(f"The header {name} is missing or is not a number.") from None


def _time(headers: dict[str, bytes]) -> datetime:
    text = _text(headers, "ce_time")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Undecodable("The header ce_time is not a moment.") from None
    if time.tzinfo is None:
        raise Undecodable("The header ce_time has no zone.")
    return time
