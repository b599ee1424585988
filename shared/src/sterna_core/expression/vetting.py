"""Whether a text is one harmless expression over the columns of one table.

The text is read by PostgreSQL's own parser, and everything that is not known to be harmless is
refused: kinds of nodes, operators, functions and types each have a list of what is allowed.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, cast

from msgspec import Struct
from pglast import ast, enums, parser

from sterna_core.errors import InvalidRequest
from sterna_core.expression.functions import AMPLIFYING, FUNCTIONS, PADDING, TWO_ARGUMENTS
from sterna_core.expression.operators import OPERATORS
from sterna_core.expression.types import TYPES

CHARACTERS_MAX = 10_000
DEPTH_MAX = 60
NODES_MAX = 2_000
AMPLIFIERS_NESTED_MAX = 3
PADDED_CHARACTERS_MAX = 10_000
_CATALOG = "pg_catalog"
_CONTROLS = frozenset(chr(code) for code in (*range(9), 11, 12, *range(14, 32), 127))
_MOVING_DATES = ("now", "today", "tomorrow", "yesterday")
_SYSTEM_COLUMNS = frozenset({"ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"})
_COLLATIONS = frozenset({"C", "POSIX", "ucs_basic", "default"})
_HARMLESS = (
    ast.A_ArrayExpr,
    ast.A_Indices,
    ast.A_Indirection,
    ast.BooleanTest,
    ast.BoolExpr,
    ast.CaseExpr,
    ast.CaseWhen,
    ast.CoalesceExpr,
    ast.MinMaxExpr,
    ast.NullTest,
)
_PLAIN_PARTS = frozenset({"targetList", "limitOption", "op"})
_OVER_ROWS = (
    "agg_order",
    "agg_filter",
    "over",
    "agg_within_group",
    "agg_star",
    "agg_distinct",
    "func_variadic",
)
_KINDS = enums.A_Expr_Kind
_OPERATOR_KINDS = {
    _KINDS.AEXPR_OP,
    _KINDS.AEXPR_OP_ANY,
    _KINDS.AEXPR_OP_ALL,
    _KINDS.AEXPR_DISTINCT,
    _KINDS.AEXPR_NOT_DISTINCT,
    _KINDS.AEXPR_NULLIF,
    _KINDS.AEXPR_IN,
    _KINDS.AEXPR_LIKE,
    _KINDS.AEXPR_ILIKE,
    _KINDS.AEXPR_SIMILAR,
}
_RANGE_KINDS = {
    _KINDS.AEXPR_BETWEEN,
    _KINDS.AEXPR_NOT_BETWEEN,
    _KINDS.AEXPR_BETWEEN_SYM,
    _KINDS.AEXPR_NOT_BETWEEN_SYM,
}


class ExpressionRefused(InvalidRequest):
    """A text is not one expression that may be run; the message says why, without quoting it."""

    code = "expression_refused"


class Vetted(Struct, frozen=True):
    """An expression that may be run, as it was given, and the columns that it reads."""

    text: str
    columns: frozenset[str]


def vet_expression(
    text: str, *, columns: Collection[str] | None = None, table: str | None = None
) -> Vetted:
    """Give the expression; raises ExpressionRefused where it may not be run.

    `columns` are those of the table it is for; None leaves it to the server to know them.
    `table` is the table's own name, by which a column may be qualified.
    """
    bare = text.strip()
    _check_text(bare)
    inspector = _Inspector(None if columns is None else frozenset(columns), table)
    inspector.inspect(_expression_of(bare))
    return Vetted(bare, frozenset(inspector.read))


def _check_text(text: str) -> None:
    if not text:
        raise ExpressionRefused("there is no expression")
    if len(text) > CHARACTERS_MAX:
        raise ExpressionRefused(f"the expression is longer than {CHARACTERS_MAX:,} characters")
    if _CONTROLS & set(text):
        raise ExpressionRefused("the expression holds control characters")


def _expression_of(text: str) -> ast.Node:
    # Later it stands between parentheses, where another text could mean something else.
    bare, enclosed = f"SELECT {text}", f"SELECT ({text}\n)"
    try:
        statements = parser.parse_sql(bare)
        again = parser.parse_sql(enclosed)
    except (parser.ParseError, UnicodeError, RecursionError):
        # The parser's own words quote the text.
        raise ExpressionRefused("this is not an SQL expression") from None
    _refuse_tokens(bare)
    if len(statements) != 1 or len(again) != 1:
        raise ExpressionRefused("this is not one expression")
    _only_target(again[0].stmt)
    return _only_target(statements[0].stmt)


def _refuse_tokens(bare: str) -> None:
    """Refuse comments, semicolons and texts between dollar signs."""
    try:
        tokens = parser.scan(bare)
    except (parser.ParseError, UnicodeError, RecursionError):
        raise ExpressionRefused("this is not an SQL expression") from None
    for token in tokens:
        if token.name in {"SQL_COMMENT", "C_COMMENT"}:
            raise ExpressionRefused("the expression holds a comment")
        if token.name == "SCONST" and bare.encode()[token.start : token.start + 1] == b"$":
            raise ExpressionRefused("write text in single quotes, not between dollar signs")
        if token.name == "ASCII_59":
            raise ExpressionRefused("the expression holds a semicolon")


def _only_target(select: Any) -> ast.Node:
    """Give the one value of a SELECT that consists of nothing else."""
    if not isinstance(select, ast.SelectStmt):
        raise ExpressionRefused("this is not one expression")
    if any(getattr(select, name) for name in select if name not in _PLAIN_PARTS):
        raise ExpressionRefused("this is a query, not an expression over one row")
    if select.op != enums.SetOperation.SETOP_NONE or len(select.targetList or ()) != 1:
        raise ExpressionRefused("this is not one expression")
    target: Any = (select.targetList or ())[0]
    if not isinstance(target, ast.ResTarget) or target.name is not None or target.indirection:
        raise ExpressionRefused("the expression is given a name; leave that out")
    return cast("ast.Node", target.val)


class _Inspector:
    """Walks an expression and refuses what is not known to be harmless."""

    def __init__(self, columns: frozenset[str] | None, table: str | None) -> None:
        self._columns = columns
        self._table = table
        self.read: set[str] = set()
        self._checks: dict[type[ast.Node], Callable[[Any], Iterator[Any]]] = {
            ast.A_Const: _constant,
            ast.A_Expr: _operation,
            ast.CollateClause: _collation,
            ast.ColumnRef: self._column,
            ast.FuncCall: _call,
            ast.TypeCast: _cast,
        }

    def inspect(self, root: ast.Node) -> None:
        nodes = 0
        waiting: list[tuple[Any, int, int]] = [(root, 1, 0)]
        while waiting:
            node, depth, amplifiers = waiting.pop()
            if node is None:
                continue
            if isinstance(node, tuple):
                waiting.extend((each, depth, amplifiers) for each in node)
                continue
            nodes += 1
            if depth > DEPTH_MAX or nodes > NODES_MAX:
                raise ExpressionRefused("the expression is nested too deeply or too long")
            if isinstance(node, ast.FuncCall) and _name(node.funcname) in AMPLIFYING:
                amplifiers += 1
            if amplifiers > AMPLIFIERS_NESTED_MAX:
                raise ExpressionRefused("functions that make text longer are nested too deeply")
            waiting.extend((child, depth + 1, amplifiers) for child in self._children(node))

    def _children(self, node: Any) -> Iterator[Any]:
        check = self._checks.get(type(node))
        if check is not None:
            return check(node)
        if isinstance(node, _HARMLESS):
            return (
                value
                for value in (getattr(node, name) for name in node)
                if isinstance(value, ast.Node | tuple)
            )
        raise ExpressionRefused(f"{_spoken(node)} is not allowed in an expression")

    def _column(self, node: ast.ColumnRef) -> Iterator[Any]:
        names = [each.sval if isinstance(each, ast.String) else None for each in node.fields or ()]
        if len(names) == 2 and self._table is not None and names[0] == self._table:
            names = names[1:]
        name = names[0]
        if len(names) != 1 or name is None:
            raise ExpressionRefused("name columns of this table only, without a schema")
        if name in _SYSTEM_COLUMNS:
            raise ExpressionRefused("columns of the system are not allowed")
        if self._columns is not None and name not in self._columns:
            raise ExpressionRefused(f"the table has no column {name[:63]}")
        self.read.add(name)
        return iter(())


def _constant(node: ast.A_Const) -> Iterator[Any]:
    if isinstance(node.val, ast.String):
        words = (node.val.sval or "").lower().split()
        if words and words[0] in _MOVING_DATES and len(words) <= 2:
            raise ExpressionRefused(
                "'now', 'today' and the like give another result each time; write the date"
            )
    return iter(())


def _operation(node: ast.A_Expr) -> Iterator[Any]:
    if node.kind in _OPERATOR_KINDS:
        name = _name(node.name)
        if name not in OPERATORS:
            raise ExpressionRefused(f"the operator {name} is not allowed")
    elif node.kind not in _RANGE_KINDS:
        raise ExpressionRefused("an operator of this kind is not allowed")
    yield from (node.lexpr, node.rexpr)


def _collation(node: ast.CollateClause) -> Iterator[Any]:
    if _name(node.collname) not in _COLLATIONS:
        raise ExpressionRefused("this collation is not allowed")
    yield node.arg


def _call(node: ast.FuncCall) -> Iterator[Any]:
    name = _name(node.funcname)
    if name not in FUNCTIONS:
        raise ExpressionRefused(f"the function {name[:63]} is not allowed")
    if any(getattr(node, name) for name in _OVER_ROWS):
        raise ExpressionRefused(f"{name} is not called for one row here")
    arguments = node.args or ()
    if name in TWO_ARGUMENTS and len(arguments) != 2:
        raise ExpressionRefused(f"{name} needs two arguments: with one it reads the clock")
    if name in PADDING and not _is_small(arguments[1] if len(arguments) > 1 else None):
        raise ExpressionRefused(
            f"the length of {name} has to be a number of at most {PADDED_CHARACTERS_MAX:,}"
        )
    yield from arguments


def _cast(node: ast.TypeCast) -> Iterator[Any]:
    kind: Any = node.typeName
    name = _name(kind.names)
    if name.removeprefix("_") not in TYPES or kind.setof or kind.pct_type:
        raise ExpressionRefused(f"a cast to the type {name[:63]} is not allowed")
    for modifier in kind.typmods or ():
        if not isinstance(modifier, ast.A_Const):
            raise ExpressionRefused("a type's length has to be a number")
    yield node.arg


def _name(parts: Any) -> str:
    """Give the name of something built in; one with a schema other than pg_catalog is refused."""
    names = [part.sval for part in parts if isinstance(part, ast.String)]
    if len(names) != len(parts) or not names or len(names) > 2:
        raise ExpressionRefused("a name has too many parts")
    if len(names) == 2 and names[0] != _CATALOG:
        raise ExpressionRefused("only what is built into PostgreSQL may be named")
    return str(names[-1])


def _is_small(node: Any) -> bool:
    return (
        isinstance(node, ast.A_Const)
        and isinstance(node.val, ast.Integer)
        and 0 <= (node.val.ival or 0) <= PADDED_CHARACTERS_MAX
    )


def _spoken(node: Any) -> str:
    return {
        "SubLink": "a subquery",
        "ParamRef": "a parameter",
        "SQLValueFunction": "a value of the session or the clock",
        "RowExpr": "a row of several values",
        "A_Star": "the asterisk",
        "XmlExpr": "XML",
    }.get(type(node).__name__, "this")
