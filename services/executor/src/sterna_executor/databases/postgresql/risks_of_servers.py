from collections.abc import Iterator

from sterna_core.migration.plan import Risk
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.preflight_server import Server
from sterna_executor.databases.postgresql.preflight_target_facts import TargetFacts
from sterna_executor.databases.postgresql.risk import risk

COMFORTABLE_CONNECTIONS = 12
OLD_AGE = 1_200_000_000
LOCKS_SHARE = 0.7
_ANY_BYTES = "SQL_ASCII"


def server_risks(inventory: Inventory, source: Server, target: TargetFacts) -> Iterator[Risk]:
    """Tell what the two servers' versions, encodings, locales and settings bring with them."""
    there = target.server
    yield risk(
        "medium",
        "writes_during_migration",
        "the target becomes the source as of one moment: what is written to the source after the"
        " snapshot is not moved",
        (),
        "stop writers before the start, or plan for what they write meanwhile",
    )
    if there.major < source.major:
        yield risk(
            "high",
            "older_target",
            f"PostgreSQL {source.major} is moved into the older PostgreSQL {there.major}:"
            " definitions that it does not know are refused",
            (),
            "use a target of the same version or a newer one",
        )
    yield from _encoding(source, there)
    yield from _locale(source, there)
    yield from _long_snapshot(source)
    yield from _room(inventory, source, there)
    if target.bookkeeping is not None:
        yield risk(
            "low",
            "other_migrations",
            "the target holds the bookkeeping of another migration, which is not touched",
            ("_sterna",),
            "none is needed; it is removed when that migration ends",
        )


def _encoding(source: Server, target: Server) -> Iterator[Risk]:
    if source.encoding == target.encoding and source.encoding != _ANY_BYTES:
        return
    if source.encoding == _ANY_BYTES:
        yield risk(
            "high",
            "encoding",
            "the source's encoding is SQL_ASCII: its text may be bytes in any encoding, and what"
            " is not UTF-8 cannot be read",
            (),
            "find out the real encoding and correct the text on the source first",
        )
    elif target.encoding == _ANY_BYTES:
        yield risk(
            "medium",
            "encoding",
            "the target's encoding is SQL_ASCII: it takes the text as UTF-8 bytes and checks"
            " nothing",
            (),
            "create the target database with ENCODING 'UTF8'",
        )
    else:
        yield risk(
            "low" if target.encoding == "UTF8" else "high",
            "encoding",
            f"text is converted from {source.encoding} to {target.encoding}"
            + ("" if target.encoding == "UTF8" else ": characters it does not have are refused"),
            (),
            "none is needed"
            if target.encoding == "UTF8"
            else "create the target database with ENCODING 'UTF8'",
        )


def _locale(source: Server, target: Server) -> Iterator[Risk]:
    ours = (source.locale_provider, source.collate, source.ctype, source.locale)
    theirs = (target.locale_provider, target.collate, target.ctype, target.locale)
    if ours != theirs:
        yield risk(
            "medium",
            "locale",
            f"text is sorted and compared by other rules: {_locale_name(source)} on the source,"
            f" {_locale_name(target)} on the target",
            (),
            "create the target database with the source's locale where the order matters",
        )


def _locale_name(server: Server) -> str:
    provider = {"c": "libc", "i": "ICU", "b": "builtin", "d": "libc"}
    return f"{server.locale or server.collate} ({provider.get(server.locale_provider, '?')})"


def _long_snapshot(source: Server) -> Iterator[Risk]:
    if source.in_recovery and not source.standby_feedback:
        yield risk(
            "medium",
            "standby_conflict",
            "the source is a standby without hot_standby_feedback: its primary may clean up rows"
            " that the snapshot needs, and the snapshot is lost (it is taken again, and what"
            " changed is repaired)",
            (),
            "SET hot_standby_feedback = on there, or raise max_standby_streaming_delay",
        )
    if source.snapshots_expire:
        yield risk(
            "high",
            "snapshot_expires",
            "old_snapshot_threshold is set on the source: a snapshot may expire before all is"
            " copied",
            (),
            "set old_snapshot_threshold = -1 and restart the source",
        )
    if source.frozen_age > OLD_AGE:
        yield risk(
            "high",
            "transaction_age",
            f"the source's oldest transaction is {source.frozen_age:,} transactions back, and a"
            " long snapshot keeps vacuum from going on",
            (),
            "VACUUM (FREEZE) the source first",
        )


def _room(inventory: Inventory, source: Server, target: Server) -> Iterator[Risk]:
    for side, server in (("source", source), ("target", target)):
        if server.free_connections < COMFORTABLE_CONNECTIONS:
            yield risk(
                "low",
                "few_connections",
                f"the {side} server has room for {server.free_connections} more connections of this"
                " role",
                (),
                "lower options.parallelism, or raise max_connections",
            )
        relations = len(inventory.tables) + len(inventory.sequences) + len(inventory.views)
        if relations > server.lock_slots * LOCKS_SHARE:
            yield risk(
                "high",
                "lock_table_full",
                f"{relations:,} relations are locked at once when definitions are moved, and the"
                f" {side} server has room for about {server.lock_slots:,} locks",
                (),
                f"raise max_locks_per_transaction ({server.max_locks}) on the {side} and restart it",
            )
