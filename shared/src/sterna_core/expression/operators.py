"""The operators that an expression of a user may use; all of them are built in and pure."""

_OPERATORS = """
    + - * / % = <> != < > <= >= || ~ ~* !~ !~* ~~ ~~* !~~ !~~* | & # << >> <<= >>= |/ ||/ @
    -> ->> #> #>> @> <@ ? ?| ?& #- @? @@ && -|- &< &>
"""
OPERATORS = frozenset(_OPERATORS.split())
