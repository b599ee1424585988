"""Which entries of an archive are restored, before the rows and after them."""

from collections.abc import Iterable

from msgspec import Struct

from sterna_core.errors import InvalidRequest
from sterna_executor.databases.postgresql.archive import Entry, Section
from sterna_executor.databases.postgresql.ledger import Address

_NEVER = frozenset(
    {
        # of the session and the database, not of the schema
        "ENCODING",
        "STDSTRINGS",
        "SEARCHPATH",
        "DATABASE",
        "DATABASE PROPERTIES",
        # rights, and what carries credentials
        "ACL",
        "DEFAULT ACL",
        "SECURITY LABEL",
        "USER MAPPING",
        # replication is set up anew
        "PUBLICATION",
        "PUBLICATION TABLE",
        "PUBLICATION TABLES IN SCHEMA",
        "SUBSCRIPTION",
        "SUBSCRIPTION TABLE",
        # rows
        "BLOB",
        "BLOBS",
        "BLOB METADATA",
        "LARGE OBJECT",
        "STATISTICS DATA",
        "MATERIALIZED VIEW DATA",
        "SEQUENCE SET",
        "TABLE DATA",
    }
)
_TABLES = frozenset({"TABLE", "FOREIGN TABLE"})
_OF_ANOTHER = frozenset(
    {"COMMENT", "DEFAULT", "INDEX ATTACH", "ROW SECURITY", "SEQUENCE OWNED BY", "TABLE ATTACH"}
)


class Contents(Struct, frozen=True, kw_only=True):
    """The entries to restore, in order, and the names of those that cannot be without others."""

    before: tuple[Entry, ...]
    after: tuple[Entry, ...]
    skipped: tuple[str, ...]


def select_entries(
    entries: Iterable[Entry], left_out: frozenset[Address], extensions: frozenset[str]
) -> Contents:
    """Choose what is restored: all but what is left out, what hangs on that, and other extensions.

    Raises InvalidRequest with the code `selection_incomplete` where a table that is selected needs
    something that is not.
    """
    before: list[Entry] = []
    after: list[Entry] = []
    skipped: list[str] = []
    sections: dict[int, Section] = {}
    dropped: set[int] = set()
    torn: list[str] = []
    for entry in entries:
        if entry.kind in _NEVER:
            dropped.add(entry.dump_id)
            continue
        if entry.kind == "EXTENSION" and entry.tag not in extensions:
            dropped.add(entry.dump_id)
            continue
        parents = entry.depends_on[:1] if entry.kind == "COMMENT" else entry.depends_on
        if (entry.catalog_oid, entry.oid) in left_out or not dropped.isdisjoint(parents):
            dropped.add(entry.dump_id)
            if entry.kind in _TABLES:
                torn.append(entry.name)
            elif entry.kind not in _OF_ANOTHER:
                skipped.append(f"{entry.kind.lower()} {entry.name}")
            continue
        section = entry.section
        if section is Section.NONE and parents:
            section = sections.get(parents[0], Section.PRE_DATA)
        sections[entry.dump_id] = section
        (after if section is Section.POST_DATA else before).append(entry)
    if torn:
        raise InvalidRequest(
            f"{', '.join(torn[:10])} cannot be created without something that is not selected: "
            "select that too, or exclude the table",
            code="selection_incomplete",
            details={"tables": torn},
        )
    return Contents(before=tuple(before), after=tuple(after), skipped=tuple(skipped))
