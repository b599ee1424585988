"""The types of PostgreSQL that an expression of a user may name; all of them are built in.

A cast to one of them computes a value from a value. Types whose input looks something up
(`regclass` and its like), runs code that is not the server's own, or parses documents from
outside (`xml`) are not among them.
"""

_TYPES = """
    bool int2 int4 int8 float4 float8 numeric money text varchar bpchar char name bytea bit varbit
    date time timetz timestamp timestamptz interval uuid json jsonb jsonpath inet cidr macaddr
    macaddr8 int4range int8range numrange tsrange tstzrange daterange point
"""
TYPES = frozenset(_TYPES.split())
