"""Mappings between columns of two tables that were made by different people."""

import math
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from sterna_core.ids import derived_id
from sterna_core.migration.plan import ColumnMapping, Score
from sterna_core.postgres.identifiers import quote
from sterna_executor.databases.postgresql.confidence import (
    DECIMALS,
    UNMEASURED_DOUBTFUL,
    UNMEASURED_SAFE,
    Measured,
)
from sterna_executor.databases.postgresql.confidence_check import ColumnCheck
from sterna_executor.databases.postgresql.inventory_table import Column, Table
from sterna_executor.databases.postgresql.mapping import MAPPING, MAPPING_ID_CHARACTERS
from sterna_executor.databases.postgresql.pairing import ColumnPair, TablePair
from sterna_executor.databases.postgresql.strict import strict

_LENGTHS = frozenset({"text", "character varying", "character"})
_RANGES = (
    "smallint", "integer", "bigint", "numeric", "real", "double precision", "date", "timestamp",
)  # fmt: skip


class RowMapper(Struct, frozen=True, kw_only=True):
    """Turns pairs of columns into mappings, with what was measured."""

    migration_id: str
    auto_approve_above: float

    def column(
        self, tables: TablePair, pair: ColumnPair, measured: Measured | None
    ) -> ColumnMapping:
        """Map one column; one without a counterpart waits for somebody."""
        source, target, cast = pair.source, pair.target, pair.cast
        mapping_id = derived_id(MAPPING, self.migration_id, tables.source.id, source.name)
        if target is None or cast is None:
            return ColumnMapping(
                mapping_id=mapping_id[:MAPPING_ID_CHARACTERS],
                source_column=source.name,
                target_column="",
                source_type=source.type,
                target_type="",
                transformation=quote(source.name),
                confidence=0.0,
                evidence=f"{pair.closest}; approved, its values are left behind",
                status="pending",
                copied=False,
                score=Score(table=tables.score, name=0.0, type=0.0),
            )
        score = score_of(tables.score, pair, measured)
        value = confidence(score, doubtful=cast.holds is not None)
        sure = value >= self.auto_approve_above and score.rate in {None, 1.0}
        return ColumnMapping(
            mapping_id=mapping_id[:MAPPING_ID_CHARACTERS],
            source_column=source.name,
            target_column=target.name,
            source_type=source.type,
            target_type=target.type,
            transformation=cast.expression,
            confidence=value,
            evidence=evidence(score, pair, tables.target),
            status="approved" if sure else "pending",
            score=score,
            guard=strict(source.name, cast, target.type),
        )


def check_of(pair: ColumnPair, *, text: bool) -> ColumnCheck:
    """Say what has to be tried on the values of a column that has a counterpart."""
    target = pair.target
    required = target is not None and not target.nullable and pair.source.nullable
    return ColumnCheck(
        column=pair.source.name,
        holds=pair.cast.holds if pair.cast else None,
        text=text,
        required=required,
        extent=_extent(pair.source) if pair.cast and pair.cast.holds else None,
    )


def score_of(table: float, pair: ColumnPair, measured: Measured | None) -> Score:
    """Give what a confidence is made of."""
    column, fit = pair.source.name, pair.cast.fit if pair.cast else 0.0
    if measured is None:
        return Score(table=table, name=pair.name_score, type=fit)
    if measured.rows == 0:
        return Score(table=table, name=pair.name_score, type=fit, rate=1.0)
    passed = measured.holds.get(column, measured.rows)
    low, high = measured.bounds.get(column, (None, None))
    return Score(
        table=table,
        name=pair.name_score,
        type=fit,
        rate=_floor(passed / measured.rows),
        rows=measured.rows,
        whole=measured.whole,
        nulls=_floor(1 - measured.present.get(column, measured.rows) / measured.rows),
        failing=measured.failing.get(column, ()),
        longest=measured.longest.get(column),
        lowest=low,
        highest=high,
    )


def confidence(score: Score, *, doubtful: bool) -> float:
    """Make one number of a score: names as far as the less alike goes, types, and what was tried.

    It is 1 only where all of that is, and 0 where no value would arrive as it is.
    """
    tried = score.rate
    if tried is None:
        tried = UNMEASURED_DOUBTFUL if doubtful else UNMEASURED_SAFE
    return _floor(min(score.table, score.name) * score.type * tried)


def evidence(score: Score, pair: ColumnPair, table: Table) -> str:
    """Explain a score in words."""
    assert pair.target is not None
    assert pair.cast is not None
    together = f"{pair.source.name} is {pair.target.name}"
    said = f"name {score.name:.2f} ({together})"
    words = [f"chosen by hand ({together})" if pair.chosen else said]
    if score.table < 1:
        words.append(f"table {score.table:.2f} ({table.id})")
    words.append(f"type {score.type:.2f} ({pair.cast.why})")
    if score.rate is None:
        words.append("no row was looked at in the time given")
    elif not score.rows:
        words.append("the table is empty")
    else:
        rows = f"{score.rows:,} {'' if score.whole else 'sampled '}rows"
        rate = f"{score.rate:.2f}" if score.rate == 1 else f"{score.rate:.4f}"
        words.append(f"{rate} of {rows} arrive as they are")
    if score.failing:
        words.append(f"not so {', '.join(score.failing)}")
    if score.nulls:
        words.append(f"{score.nulls:.0%} null")
    if score.longest is not None:
        words.append(f"at most {score.longest:,} characters")
    if score.lowest is not None:
        words.append(f"from {score.lowest} to {score.highest}")
    return "; ".join(words)


def without_source(table: Table, pairs: Sequence[ColumnPair]) -> list[Column]:
    """Give the columns of a target's table that have to be given and that nothing is mapped to."""
    mapped = {pair.target.name for pair in pairs if pair.target is not None}
    return [
        column
        for column in table.columns
        if column.name not in mapped
        and not column.nullable
        and column.default is None
        and column.identity is None
        and column.generated is None
    ]


def _extent(column: Column) -> Literal["length", "range"] | None:
    base = column.type.partition("(")[0]
    if base in _LENGTHS:
        return "length"
    return "range" if column.type.startswith(_RANGES) and "[]" not in column.type else None


def _floor(share: float) -> float:
    scale: int = 10**DECIMALS
    # A sum of floats may lack its last bit.
    return math.floor(share * scale + 1e-9) / scale
