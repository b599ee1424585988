"""The queries that were given, as far as this retriever can be asked them."""

from collections.abc import Iterable, Sequence

from sterna_core.namespace_migration.benchmark_options import JudgedQuery
from sterna_core.namespace_store.store import DocumentReader
from sterna_core.retriever.reach import Reach
from sterna_executor.namespaces.benchmark.question import Question, Questions

_AT_ONCE = 200


async def given_questions(
    queries: Iterable[JudgedQuery], documents: DocumentReader, reach: Reach
) -> Questions:
    """Give the questions whose answers are within reach in the source.

    What neither side can find says nothing about a difference, and would hide one: relevant
    documents out of reach are not counted, and queries without any others are left out.
    """
    asked = tuple(queries)
    names = sorted({name for each in asked for name in each.relevant_documents})
    found = await _within(documents, names, reach)
    questions = []
    for each in asked:
        grades = {name: grade for name, grade in each.grades.items() if name in found and grade}
        if grades:
            told = each.query_input
            inputs = reach.asking(told) if isinstance(told, str) else told
            questions.append(Question(each.query_id, inputs, grades))
    return Questions(tuple(questions), len(asked) - len(questions))


async def _within(documents: DocumentReader, names: Sequence[str], reach: Reach) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(names), _AT_ONCE):
        page = await documents.get(names[start : start + _AT_ONCE])
        found |= {each.document_id for each in page if reach.holds(each)}
    return found
