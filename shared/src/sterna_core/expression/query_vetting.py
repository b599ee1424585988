"""Whether a text is one harmless query: a SELECT over tables that are named with their schema."""

from collections.abc import Callable, Iterator
from typing import Any

from pglast import ast, parser

from sterna_core.expression.functions import FUNCTIONS
from sterna_core.expression.vetting import (
    ExpressionRefused,
    _check_text,
    _Inspector,
    _name,
    _refuse_tokens,
)
from sterna_core.expression.vetting import (
    _call as _call_for_one_row,
)

_AGGREGATES = frozenset(
    [
        "array_agg",
        "avg",
        "bit_and",
        "bit_or",
        "bool_and",
        "bool_or",
        "corr",
        "count",
        "covar_pop",
        "covar_samp",
        "every",
        "json_agg",
        "json_object_agg",
        "jsonb_agg",
        "jsonb_object_agg",
        "max",
        "min",
        "mode",
        "percentile_cont",
        "percentile_disc",
        "regr_slope",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "string_agg",
        "sum",
        "var_pop",
        "var_samp",
        "variance",
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "cume_dist",
        "ntile",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
    ]
)
_ALLOWED = (
    ast.Alias,
    ast.A_Star,
    ast.CommonTableExpr,
    ast.GroupingSet,
    ast.JoinExpr,
    ast.RangeSubselect,
    ast.ResTarget,
    ast.RowExpr,
    ast.String,
    ast.SubLink,
    ast.WindowDef,
)
_HIDDEN = ("pg_", "information_schema", "_sterna")


class QueryRefused(ExpressionRefused):
    """A text is not one query that may be run; the message says why, without quoting it."""

    code = "query_refused"


def vet_query(text: str, *, ordered: bool = False) -> str:
    """Give the query without white space around it; raises QueryRefused where it may not be run.

    With `ordered`, it has to say in which order its rows come.
    """
    bare = text.strip()
    try:
        _check_text(bare)
        _refuse_tokens(bare)
        select = _only_select(bare)
        _QueryInspector().inspect(select)
    except QueryRefused:
        raise
    except ExpressionRefused as refused:
        raise QueryRefused(refused.message.replace("expression", "query")) from None
    if ordered and not select.sortClause:
        raise QueryRefused("compared exactly, a query has to say its rows' order: add ORDER BY")
    return bare


def _only_select(text: str) -> ast.SelectStmt:
    try:
        statements = parser.parse_sql(text)
    except (parser.ParseError, UnicodeError, RecursionError):
        raise QueryRefused("this is not an SQL query") from None
    select: Any = statements[0].stmt if len(statements) == 1 else None
    if not isinstance(select, ast.SelectStmt):
        raise QueryRefused("this is not one SELECT")
    return select


class _QueryInspector(_Inspector):
    """Walks a query and refuses what is not known to be harmless."""

    def __init__(self) -> None:
        super().__init__(None, None)
        more: dict[type[ast.Node], Callable[[Any], Iterator[Any]]] = {
            ast.ColumnRef: _column,
            ast.FuncCall: _call,
            ast.RangeVar: _table,
            ast.SelectStmt: _select,
            ast.SortBy: _order,
            ast.WithClause: _with,
        }
        self._checks.update(more)
        self._checks.update(dict.fromkeys(_ALLOWED, _parts))


def _parts(node: Any) -> Iterator[Any]:
    return (
        value
        for value in (getattr(node, name) for name in node)
        if isinstance(value, ast.Node | tuple)
    )


def _select(node: ast.SelectStmt) -> Iterator[Any]:
    if node.intoClause or node.lockingClause:
        raise QueryRefused("a query neither writes nor locks")
    return _parts(node)


def _with(node: ast.WithClause) -> Iterator[Any]:
    if node.recursive:
        raise QueryRefused("a recursive query may never end")
    for each in node.ctes or ():
        _refuse_hidden(each.ctename)
    return _parts(node)


def _order(node: ast.SortBy) -> Iterator[Any]:
    if node.useOp:
        raise QueryRefused("order by ASC or DESC, not by an operator")
    return iter((node.node,))


def _table(node: ast.RangeVar) -> Iterator[Any]:
    if node.catalogname:
        raise QueryRefused("name tables without a database")
    _refuse_hidden(node.schemaname or "")
    _refuse_hidden(node.relname or "")
    return iter(())


def _refuse_hidden(name: str) -> None:
    if name.startswith(_HIDDEN):
        raise QueryRefused("only tables of users may be read")


def _column(node: ast.ColumnRef) -> Iterator[Any]:
    for each in node.fields or ():
        if isinstance(each, ast.String) and (each.sval or "") in {
            "ctid",
            "tableoid",
            "xmin",
            "xmax",
        }:
            raise QueryRefused("columns of the system are not the same on both sides")
    return iter(())


def _call(node: ast.FuncCall) -> Iterator[Any]:
    name = _name(node.funcname)
    if name not in FUNCTIONS and name not in _AGGREGATES:
        raise QueryRefused(f"the function {name[:63]} is not allowed")
    if node.func_variadic:
        raise QueryRefused("calls with VARIADIC are not allowed")
    if name in FUNCTIONS and not _over_rows(node):
        return _call_for_one_row(node)
    return _parts(node)


def _over_rows(node: ast.FuncCall) -> bool:
    return any(
        (node.agg_star, node.agg_distinct, node.agg_order, node.agg_filter, node.over)
    ) or bool(node.agg_within_group)
