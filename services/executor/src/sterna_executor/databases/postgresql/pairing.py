"""Which table and which column of the source goes to which of the target."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from sterna_executor.databases.postgresql.cast import Cast, cast_between
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_table import Column, Table
from sterna_executor.databases.postgresql.name_match import (
    UNMATCHED_CAP,
    assign,
    name_score,
    words_of,
)
from sterna_executor.databases.postgresql.partition_pairing import may_pair

TABLE_AT_LEAST = 0.7
COLUMN_AT_LEAST = 0.6
KEY_BONUS = 0.2
"""For two columns that are the whole key of their tables: what they are called says less."""

KEY_OF_ONE = 0.95
"""For two columns of which only one is the whole key of its table."""


class TablePair(Struct, frozen=True):
    """A table of the source and one of the target that belong together."""

    source: Table
    target: Table
    score: float


class ColumnPair(Struct, frozen=True, kw_only=True):
    """A column of the source and its counterpart, how it becomes that, and how alike they are.

    `target` and `cast` are None where there is none; `closest` names the column that is next to
    it, and why it is none. `chosen` says that a person has said where it goes.
    """

    source: Column
    target: Column | None = None
    cast: Cast | None = None
    name_score: float = 0.0
    closest: str = ""
    chosen: bool = False


def pair_tables(source: Inventory, target: Inventory) -> tuple[list[TablePair], list[Table]]:
    """Pair the tables with rows, schema by schema; also give those without a counterpart."""
    pairs: list[TablePair] = []
    alone: list[Table] = []
    schemas = sorted({source.target_schema(table.schema) for table in source.with_rows})
    for schema in schemas:
        ours = [t for t in source.with_rows if source.target_schema(t.schema) == schema]
        theirs = [table for table in target.with_rows if table.schema == schema]

        def score(
            one: int, other: int, ours: list[Table] = ours, theirs: list[Table] = theirs
        ) -> float:
            alike = name_score(ours[one].name, theirs[other].name)
            return alike if may_pair(ours[one], theirs[other], alike) else 0.0

        found = assign(
            [table.name for table in ours],
            [table.name for table in theirs],
            score,
            TABLE_AT_LEAST,
        )
        pairs += [TablePair(ours[pair.source], theirs[pair.target], pair.score) for pair in found]
        taken = {pair.source for pair in found}
        alone += [table for place, table in enumerate(ours) if place not in taken]
    return pairs, alone


def pair_columns(
    pair: TablePair, source: Inventory, target: Inventory, *, source_major: int
) -> list[ColumnPair]:
    """Pair the columns of two tables one to one, by names, types and their part in the key.

    Columns for which a person has chosen another go there, and are left out of the rest.
    """
    wanted = {
        choice.source_column: choice.target_column
        for choice in source.selection.choices
        if choice.table_id == pair.source.id
    }
    context = words_of(pair.source.name, pair.target.name)
    ours = list(pair.source.columns)
    theirs = [column for column in pair.target.columns if column.generated is None]
    chosen = _chosen([each.name for each in ours], [each.name for each in theirs], wanted)
    labels = {made.oid: made.definition for made in target.user_types if made.kind == "enum"}
    casts: dict[tuple[int, int], Cast | None] = {}

    def cast(one: int, other: int) -> Cast | None:
        if (one, other) not in casts:
            mine, its = ours[one], theirs[other]
            casts[one, other] = cast_between(
                mine,
                source.types[mine.type_oid],
                its,
                target.types[its.type_oid],
                source_major=source_major,
                labels=labels.get(its.type_oid, ()),
            )
        return casts[one, other]

    def by_name(one: int, other: int) -> float:
        mine, its = ours[one].name, theirs[other].name
        score = name_score(mine, its, context)
        roles = [pair.source.key == (mine,), pair.target.key == (its,)]
        if all(roles) and score < UNMATCHED_CAP:
            return min(UNMATCHED_CAP, score + KEY_BONUS)
        return score * (KEY_OF_ONE if any(roles) and not all(roles) and mine != its else 1.0)

    def score(one: int, other: int) -> float:
        if ours[one].name in wanted or other in chosen.values():
            return 0.0
        sure = by_name(one, other)
        if sure < COLUMN_AT_LEAST:
            return 0.0
        found = cast(one, other)
        return 0.0 if found is None else sure * found.fit

    found = {
        each.source: each.target
        for each in assign(
            [column.name for column in ours],
            [column.name for column in theirs],
            score,
            # What the types cost does not part two columns of one name.
            COLUMN_AT_LEAST / 2,
        )
    }
    matched = [
        ColumnPair(
            source=column,
            target=theirs[found[place]],
            cast=cast(place, found[place]),
            name_score=by_name(place, found[place]),
        )
        if place in found
        else ColumnPair(source=column, closest=_closest(column, pair.target, context))
        for place, column in enumerate(ours)
    ]
    return [
        _by_hand(
            column,
            theirs[chosen[place]] if place in chosen else None,
            cast(place, chosen[place]) if place in chosen else None,
            wanted[column.name],
        )
        if column.name in wanted
        else matched[place]
        for place, column in enumerate(ours)
    ]


def _chosen(
    ours: Sequence[str], theirs: Sequence[str], wanted: Mapping[str, str]
) -> dict[int, int]:
    """Give the places of the pairs that a person has chosen; of two for one column the first."""
    found: dict[int, int] = {}
    for place, name in enumerate(ours):
        other = wanted.get(name, "")
        if other in theirs and theirs.index(other) not in found.values():
            found[place] = theirs.index(other)
    return found


def _by_hand(column: Column, target: Column | None, cast: Cast | None, wanted: str) -> ColumnPair:
    if target is not None and cast is not None:
        return ColumnPair(source=column, target=target, cast=cast, name_score=1.0, chosen=True)
    if not wanted:
        why = "it was chosen that it goes nowhere"
    elif target is None:
        why = f"{wanted} was chosen, and the table has no such column, computes it, or it is taken"
    else:
        why = f"{wanted} was chosen, and {column.type} does not become {target.type}"
    return ColumnPair(source=column, closest=why, chosen=True)


def _closest(column: Column, table: Table, context: frozenset[str]) -> str:
    scored = [(name_score(column.name, other.name, context), other) for other in table.columns]
    if not scored:
        return "the target's table has no columns"
    score, other = max(scored, key=lambda each: (each[0], each[1].name))
    if score < COLUMN_AT_LEAST:
        return f"no column of {table.id} is called alike; {other.name} comes closest ({score:.2f})"
    if other.generated is not None:
        return f"the target computes {other.name} itself"
    return f"{other.name} is called alike ({score:.2f}), and is taken or of a type that does not go"
