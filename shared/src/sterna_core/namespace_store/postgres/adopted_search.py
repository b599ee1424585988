from collections.abc import Sequence
from functools import partial
from typing import Any

from sterna_core.errors import Rejected
from sterna_core.namespace_store.checking import check_feature, check_half, check_query
from sterna_core.namespace_store.feature import Feature
from sterna_core.namespace_store.postgres.adopted_table import AdoptedTable
from sterna_core.namespace_store.postgres.filter import filter_of
from sterna_core.namespace_store.postgres.search import (
    OPERATORS,
    ask,
    hit_of,
    literal_of,
)
from sterna_core.namespace_store.postgres.sessions import Sessions
from sterna_core.namespace_store.postgres.statements import statements
from sterna_core.namespace_store.query import Hit, Query


class AdoptedVectors:
    """Search in the vectors of somebody's table, by indexes that the table has."""

    def __init__(
        self, sessions: Sessions, table: AdoptedTable, *, features: Sequence[Feature]
    ) -> None:
        self._sessions = sessions
        self._table = table
        self._features = {each.uri: each for each in features}

    async def search(self, query: Query) -> tuple[Hit, ...]:
        """Give the nearest documents, the nearest first."""
        feature = check_query(query, self._features)
        column, kind = self._table.columns[feature.uri]
        if kind.endswith(".halfvec"):
            check_half(query)
        operator, _ = OPERATORS[feature.metric]
        extension = kind.rpartition(".")[0]
        distance = f"({column} operator({extension}.{operator}) $1::text::{kind})"
        values: list[Any] = [literal_of(query.vector), query.limit]
        pieces = []
        if query.collection_ids is not None:
            pieces.append(f"{self._table.collection} = any($3::text[])")
            values.append(list(query.collection_ids))
        conditions, bounds = filter_of(
            query.conditions, len(values) + 1, f"({self._table.payload})::jsonb"
        )
        statement = partial(
            statements("adopted.sql")["nearest"].format,
            table=self._table.table,
            id=self._table.id,
            collection=self._table.collection,
            payload=self._table.payload,
            column=column,
            distance=distance,
            conditions="".join(f" and {each}" for each in [*pieces, *conditions]),
        )
        exact = f"{distance} + 0"
        rows = await ask(
            self._sessions,
            query,
            lambda each: statement(order=each),
            orders=(exact if query.exact else distance, exact),
            candidates=query.limit,
            values=[*values, *bounds],
        )
        return tuple(hit_of(row, feature.metric) for row in rows)

    async def build_index(self, feature_uri: str) -> bool:
        """Refuse to change somebody's table."""
        check_feature(feature_uri, self._features)
        raise Rejected("adopted_space", "An adopted table gets no index: its owner can make one.")
