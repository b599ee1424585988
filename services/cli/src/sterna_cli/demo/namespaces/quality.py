import asyncio
from collections.abc import Sequence

from sterna_cli.client.failure import ApiFailure
from sterna_cli.client.sterna import Sterna
from sterna_cli.demo.glosses import Query
from sterna_cli.demo.namespaces.meanings import RETRIEVER
from sterna_core.group_error import foremost
from sterna_core.retrieval.quality import mean, ndcg_by_query

AT = 10
_AT_ONCE = 4
_NO_VECTOR = "query_invalid"


class Quality:
    """What the retriever behind an alias finds, question by question."""

    def __init__(self, namespace_ids: frozenset[str], found: dict[str, dict[str, float]]) -> None:
        self.namespace_ids = namespace_ids
        """Which namespaces have answered."""
        self.found = found

    def ndcg(self, queries: Sequence[Query]) -> float:
        """Hold what was found against what is known to be right."""
        wanted = {each.id: each.relevant for each in queries}
        return mean(ndcg_by_query(wanted, self.found, at=AT))


async def ask(sterna: Sterna, alias: str, queries: Sequence[Query]) -> Quality:
    """Ask every question through an alias, a few at once."""
    places: set[str] = set()
    found: dict[str, dict[str, float]] = {}
    left = iter(queries)

    async def work() -> None:
        for query in left:
            inputs = {"query": query.text}
            try:
                answer = await sterna.namespaces.ask(alias, RETRIEVER, inputs, limit=AT)
            except ApiFailure as failure:
                if failure.code != _NO_VECTOR:
                    raise
                found[query.id] = {}  # the extractor knows none of the words
                continue
            places.add(answer.namespace_id)
            found[query.id] = {each.document_id: each.score for each in answer.results}

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work())
    except BaseExceptionGroup as group_error:
        raise foremost(group_error) from None
    return Quality(frozenset(places), found)
