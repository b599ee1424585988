"""What a look for references that lead nowhere has found in the target."""

from msgspec import Struct

from sterna_core.namespace.dangling import Dangling


class ReferencesReport(Struct, frozen=True, kw_only=True):
    """Definitions and a sample of documents were looked at; the first that dangle are named.

    `changed` names definitions that somebody has changed since they were made: what they need was
    looked at when they were put.
    """

    definitions: int
    dangling_in_definitions: int = 0
    documents: int = 0
    dangling_in_documents: int = 0
    dangling: tuple[Dangling, ...] = ()
    changed: tuple[str, ...] = ()
