"""What is sent about the validation of migrations."""

from typing import Annotated

from msgspec import Meta, Struct

from sterna_api.http.problem import InvalidShape, Problem
from sterna_core.expression.query_vetting import QueryRefused, vet_query
from sterna_core.expression.vetting import ExpressionRefused, vet_expression
from sterna_core.migration.validation_options import SKIPPABLE, Kind, Query, ValidationOptions

Loc = tuple[str | int, ...]
_OPTIONS: Loc = ("body", "options", "validation")


class SkipValidationBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which kinds of validation are left out, and why; no certificate is issued then."""

    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]
    kinds: Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=6)] = SKIPPABLE


def refuse_unsafe(options: ValidationOptions) -> None:
    """Refuse rules and queries that may not be run; raises InvalidShape with all problems."""
    problems = []
    for number, rule in enumerate(options.semantic.rules):
        loc: Loc = (*_OPTIONS, "semantic", "rules", number)
        if not all(rule.table.partition(".")):
            msg = "Name the table with its schema: schema.table"
            problems.append(Problem((*loc, "table"), msg, "table_invalid"))
        try:
            vet_expression(rule.expression, table=rule.table.partition(".")[2])
        except ExpressionRefused as refused:
            problems.append(Problem((*loc, "expression"), refused.message, refused.code))
    for number, query in enumerate(options.behavioral.queries):
        problems += _problems_of(query, (*_OPTIONS, "behavioral", "queries", number))
    if problems:
        raise InvalidShape(problems)


def _problems_of(query: Query, loc: Loc) -> list[Problem]:
    problems = []
    for field, text in (("query", query.query), ("target_query", query.target_query)):
        if text is None:
            continue
        try:
            vet_query(text, ordered=query.fidelity == "exact")
        except QueryRefused as refused:
            problems.append(Problem((*loc, field), refused.message, refused.code))
    return problems
