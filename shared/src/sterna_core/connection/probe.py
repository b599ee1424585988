from msgspec import Struct

from sterna_core.clock import UtcDatetime


class ProbeResult(Struct, frozen=True, kw_only=True):
    """What a trial of a connection found.

    `code` and `message` say what to put right where it failed. `rights` names what the role may
    do there, such as `superuser` or `create_schema`; `missing` names what it lacks to be a
    source, and to be a target. `connect_milliseconds` is the way to the server and back,
    `login_milliseconds` entering it, TLS included, and `query_milliseconds` the first question.
    """

    succeeded: bool
    at: UtcDatetime
    code: str | None = None
    message: str | None = None
    connect_milliseconds: float | None = None
    login_milliseconds: float | None = None
    query_milliseconds: float | None = None
    server_version: str | None = None
    encoding: str | None = None
    encrypted: bool | None = None
    rights: tuple[str, ...] = ()
    tables_readable: int | None = None
    tables: int | None = None
    missing: dict[str, tuple[str, ...]] = {}
