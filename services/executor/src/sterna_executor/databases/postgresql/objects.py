"""What is created after the rows: in which wave, and in which steps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from sterna_core.ids import derived_id
from sterna_core.migration.reports import ObjectWave
from sterna_core.postgres.identifiers import qualified, quote
from sterna_executor.databases.postgresql.archive import Entry
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.inventory_table import table_id
from sterna_executor.databases.postgresql.ledger import LaterObject
from sterna_executor.databases.postgresql.restore import statement_of
from sterna_executor.databases.postgresql.statements import statements

ATTACHED_PER_STEP = 128
"""How many indexes of partitions are attached in one transaction: each holds several locks."""

_PREFIX = "obj_"
_WAVES: tuple[ObjectWave, ...] = ("index", "attach", "foreign_key", "behaviour")
_WAVE_OF: Mapping[str, ObjectWave] = {
    "CONSTRAINT": "index",
    "INDEX": "index",
    "INDEX ATTACH": "attach",
    "STATISTICS": "attach",
    "MATERIALIZED VIEW": "attach",  # it needs a key, since it groups by it
    "FUNCTION": "attach",  # idem
    "PROCEDURE": "attach",
    "CHECK CONSTRAINT": "foreign_key",  # not valid: rows may break it that were there before
    "FK CONSTRAINT": "foreign_key",
}
_INDEXES = frozenset({"CONSTRAINT", "INDEX"})
_TABLE_KINDS = frozenset({"TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW"})


class Facts(Struct, frozen=True):
    """What the catalogs of the dumped database say of the entries, by oid."""

    constraints: Mapping[int, Mapping[str, Any]]
    indexed: Mapping[int, Mapping[str, Any]]


class _Group(Struct):
    """Entries that are created one after the other; `position` is that of the first."""

    position: int
    wave: ObjectWave
    entries: list[Entry]


async def read_facts(dumped: Connection, entries: Iterable[Entry]) -> Facts:
    """Read what is needed of constraints and indexes; names in definitions carry their schema."""
    entries = tuple(entries)
    constraints = [e.oid for e in entries if e.kind in {"CONSTRAINT", "FK CONSTRAINT"}]
    indexes = [e.oid for e in entries if e.kind == "INDEX"]
    sql = statements("objects.sql")
    return Facts(
        {row["oid"]: row for row in await dumped.fetch(sql["constraints"], constraints)}
        if constraints
        else {},
        {row["oid"]: row for row in await dumped.fetch(sql["indexed"], indexes)} if indexes else {},
    )


def plan_objects(
    migration_id: str,
    before: Sequence[Entry],
    after: Sequence[Entry],
    facts: Facts,
    homes: Mapping[tuple[str, str], str],
) -> tuple[LaterObject, ...]:
    """Arrange the entries after the rows into objects of four waves.

    Objects of one wave can be created in any order and at the same time; an entry that needs
    another one of its own wave is created with it. `homes` gives the schema of a table on the source
    where it has another one here.
    """
    tables = {e.dump_id: e for e in (*before, *after) if e.kind in _TABLE_KINDS}
    objects = []
    for group in _groups(before, after):
        first = group.entries[0]
        table = _table_of(first, facts, tables)
        if first.kind == "INDEX ATTACH":
            steps, name = _attach_steps(group.entries), f"{table[0]}.{table[1]}" if table else ""
        else:
            steps, name = _steps(group.entries, facts), first.name
        leaf = table is not None and table[2] == "r"
        objects.append(
            LaterObject(
                object_id=derived_id(_PREFIX, migration_id, str(group.position)),
                wave=group.wave,
                kind=first.kind,
                schema=first.schema,
                name=name,
                table_id=table_id(homes.get((table[0], table[1]), table[0]), table[1])
                if table and leaf
                else None,
                steps=steps,
            )
        )
    return tuple(objects)


def _groups(before: Sequence[Entry], after: Sequence[Entry]) -> list[_Group]:
    """Put entries together that need each other within a wave, in the order of the archive."""
    roots = _roots(before)
    place = {entry.dump_id: position for position, entry in enumerate(after)}
    waves: list[ObjectWave] = []
    home = list(range(len(after)))  # the first of those that are created together
    attached: dict[tuple[int, ObjectWave], int] = {}
    for position, entry in enumerate(after):
        needs = [
            place[dependency]
            for dependency in entry.depends_on
            if place.get(dependency, position) < position
            # An index of a partition can be made before its parent's: they are attached later.
            and not (entry.kind in _INDEXES and after[place[dependency]].kind in _INDEXES)
        ]
        waves.append(_latest([_natural_wave(entry), *(waves[need] for need in needs)]))
        together = [need for need in needs if waves[need] == waves[position]]
        if entry.kind == "INDEX ATTACH":
            root = next((roots[d] for d in entry.depends_on if d in roots), 0)
            together.append(attached.setdefault((root, waves[position]), position))
        for other in together:
            _join(home, position, other)
    groups: dict[int, _Group] = {}
    for position, entry in enumerate(after):
        first = _find(home, position)
        group = groups.setdefault(first, _Group(first, waves[first], []))
        group.entries.append(entry)
    return list(groups.values())


def _natural_wave(entry: Entry) -> ObjectWave:
    # A comment is created with what it describes.
    return "index" if entry.kind == "COMMENT" else _WAVE_OF.get(entry.kind, "behaviour")


def _find(home: list[int], position: int) -> int:
    while home[position] != position:
        home[position] = home[home[position]]
        position = home[position]
    return position


def _join(home: list[int], one: int, other: int) -> None:
    one, other = _find(home, one), _find(home, other)
    home[max(one, other)] = min(one, other)


def _roots(before: Sequence[Entry]) -> dict[int, int]:
    """Give the topmost partitioned table of each partition and of itself, by dump id."""
    parents = {e.depends_on[0]: e.depends_on[1] for e in before if e.kind == "TABLE ATTACH"}
    roots = {}
    for table in {*parents, *parents.values()}:
        top = table
        while top in parents:
            top = parents[top]
        roots[table] = top
    return roots


def _latest(waves: Iterable[ObjectWave]) -> ObjectWave:
    return max(waves, key=_WAVES.index)


def _table_of(
    entry: Entry, facts: Facts, tables: Mapping[int, Entry]
) -> tuple[str, str, str] | None:
    """Give schema, name and kind of the table that an entry is about."""
    fact = facts.constraints.get(entry.oid) if entry.kind.endswith("CONSTRAINT") else None
    if entry.kind == "INDEX":
        fact = facts.indexed.get(entry.oid)
    if fact is not None:
        return fact["schema"], fact["table"], fact["relkind"]
    needed = [tables[d] for d in entry.depends_on if d in tables]
    if entry.kind == "INDEX ATTACH":
        needed.reverse()
    if not needed:
        return None
    return needed[0].schema, needed[0].tag, needed[0].relkind


def _steps(entries: Sequence[Entry], facts: Facts) -> tuple[str, ...]:
    """Give the first entry in one or two steps; what is created with it goes with the last."""
    first, *others = entries
    fact = facts.constraints.get(first.oid) if first.kind.endswith("CONSTRAINT") else None
    steps = (_two_steps(fact) if fact else None) or (statement_of(first),)
    last = "\n".join([steps[-1], *(statement_of(other) for other in others)])
    return (*steps[:-1], last)


def _two_steps(fact: Mapping[str, Any]) -> tuple[str, str] | None:
    """Keys and foreign keys in two steps that keep each other waiting less, where there are such.

    A key's index is made under a lock that other indexes of the table share, and becomes a
    constraint at once. A foreign key is added without looking at rows, then validated under locks
    that let others of the same tables go on.
    """
    if fact["relkind"] != "r":
        return None  # not every server can do it for a partitioned table
    table, name = qualified(fact["schema"], fact["table"]), quote(fact["name"])
    if fact["type"] == "f":
        if not fact["validated"] or not fact["enforced"] or fact["period"]:
            return None
        return (
            f"ALTER TABLE ONLY {table} ADD CONSTRAINT {name} {fact['definition']} NOT VALID;",
            f"ALTER TABLE ONLY {table} VALIDATE CONSTRAINT {name};",
        )
    if fact["period"] or fact["marked"]:
        return None
    words = "PRIMARY KEY" if fact["type"] == "p" else "UNIQUE"
    deferral = " DEFERRABLE" if fact["deferrable"] else ""
    deferral += " INITIALLY DEFERRED" if fact["deferred"] else ""
    return (
        f"{fact['index']};",
        f"ALTER TABLE ONLY {table} ADD CONSTRAINT {name} {words} USING INDEX {name}{deferral};",
    )


def _attach_steps(entries: Sequence[Entry]) -> tuple[str, ...]:
    texts = [statement_of(entry) for entry in entries]
    return tuple(
        "\n".join(texts[start : start + ATTACHED_PER_STEP])
        for start in range(0, len(texts), ATTACHED_PER_STEP)
    )
