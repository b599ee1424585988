from collections.abc import Collection

from msgspec import Struct

from sterna_api.http.caller import Caller


class KnownKey(Struct, frozen=True):
    """A key that exists, whether it is accepted or not."""

    caller: Caller
    accepted: bool
    ip_whitelist: Collection[str] = ()
    """Networks that the key is accepted from; none means all."""
