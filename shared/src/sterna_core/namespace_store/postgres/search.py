from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from sterna_core.namespace_store.checking import check_feature, check_query
from sterna_core.namespace_store.document import Document
from sterna_core.namespace_store.feature import HALVED, Feature, Metric
from sterna_core.namespace_store.postgres.filter import filter_of
from sterna_core.namespace_store.postgres.sessions import LONG_SECONDS, Sessions
from sterna_core.namespace_store.postgres.statements import statements
from sterna_core.namespace_store.query import Hit, Query, finite
from sterna_core.namespace_store.vector import Vector
from sterna_core.postgres.identifiers import quote

_LOOKED_AT_AGAIN: Final = 4
"""How many times the limit an index of 16-bit numbers gives, to be ordered by all their bits."""
_LEAST_CANDIDATES: Final = 100
_MOST_CANDIDATES: Final = 1000

OPERATORS: Final[dict[Metric, tuple[str, str]]] = {
    "cosine": ("<=>", "cosine"),
    "dot": ("<#>", "ip"),
    "euclid": ("<->", "l2"),
}


class PostgresVectors:
    """Search in the vectors of a space, by an index where there is one."""

    def __init__(
        self, sessions: Sessions, schema: str, *, features: Sequence[Feature], vector_schema: str
    ) -> None:
        self._sessions = sessions
        self._schema = schema
        self._features = {each.uri: each for each in features}
        self._numbers = {each.uri: number for number, each in enumerate(features)}
        self._vector = quote(vector_schema)

    async def search(self, query: Query) -> tuple[Hit, ...]:
        """Give the nearest documents, the nearest first."""
        feature = check_query(query, self._features)
        operator, _ = OPERATORS[feature.metric]
        between = f"operator({self._vector}.{operator})"
        distance = f"v.v {between} $1::text::{self._vector}.vector"
        kind = index_type(feature)
        if query.exact or kind is None:
            order = distance
        else:
            typed = f"{self._vector}.{kind}({feature.dimensions})"
            order = f"(v.v::{typed}) {between} $1::text::{typed}"
        again = _LOOKED_AT_AGAIN if kind == "halfvec" else 1
        values: list[Any] = [literal_of(query.vector), query.limit * again, query.limit]
        pieces, more = [], []
        if query.collection_ids is not None:
            pieces.append("d.collection_id = any($4::text[])")
            more.append(list(query.collection_ids))
        conditions, bounds = filter_of(query.conditions, 4 + len(more), "d.payload::jsonb")
        statement = partial(
            statements("search.sql")["nearest"].format,
            space=quote(self._schema),
            distance=distance,
            feature=self._numbers[feature.uri],
            conditions="".join(f" and {each}" for each in [*pieces, *conditions]),
        )
        rows = await ask(
            self._sessions,
            query,
            lambda each: statement(order=each),
            orders=(order, distance),
            candidates=query.limit * again,
            values=[*values, *more, *bounds],
        )
        return tuple(hit_of(row, feature.metric) for row in rows)

    async def build_index(self, feature_uri: str) -> bool:
        """Build the index of a feature, or leave it where it is; best when all is loaded."""
        feature = check_feature(feature_uri, self._features)
        kind = index_type(feature)
        space = quote(self._schema)
        async with self._sessions.plain(LONG_SECONDS) as connection:
            await connection.execute(statements("space.sql")["analyze"].format(space=space))
        if kind is None:
            return False
        statement = statements("space.sql")["create_index"].format(
            space=space,
            vector=self._vector,
            feature=self._numbers[feature_uri],
            type=kind,
            dimensions=feature.dimensions,
            operators=OPERATORS[feature.metric][1],
        )
        async with self._sessions.plain(LONG_SECONDS) as connection:
            await connection.execute(statement)
        return True


async def ask(
    sessions: Sessions,
    query: Query,
    statement: Callable[[str], str],
    *,
    orders: tuple[str, str],
    candidates: int,
    values: Sequence[Any],
) -> Sequence[Any]:
    """Give the nearest rows in the first order, which an index may know, or in the second.

    An index gives up when it has looked at many (`hnsw.max_scan_tuples`), however few of them fit
    a filter: where too few came, all are looked at.
    """
    order, exact = orders
    async with sessions.transaction() as connection:
        settle = statements("search.sql")["settle_index"]
        await connection.execute(settle, str(candidates_of(candidates)))
        rows: Sequence[Any] = await connection.fetch(statement(order), *values)
        if query.filtered and order != exact and len(rows) < query.limit:
            rows = await connection.fetch(statement(exact), *values)
    return rows


def index_type(feature: Feature) -> str | None:
    """Name the type of numbers that an index of a feature can have; None where there is none."""
    if feature.dimensions in HALVED:
        return "halfvec"
    return "vector" if feature.dimensions < HALVED.start else None


def candidates_of(limit: int) -> int:
    """Tell how many candidates an index keeps at hand for so many documents."""
    return min(max(limit, _LEAST_CANDIDATES), _MOST_CANDIDATES)


def literal_of(vector: Vector) -> str:
    """Write a vector as a text that is read as the same numbers."""
    return "[" + ",".join(map(repr, vector.values())) + "]"


def hit_of(row: Any, metric: Metric) -> Hit:
    """Make a hit of a row; the distance to a vector of zeros is none."""
    distance: float = row["distance"]
    score = 1.0 - distance if metric == "cosine" else -distance
    return Hit(
        Document(row["document_id"], row["collection_id"], msgspec.json.decode(row["payload"])),
        finite(score),
    )
