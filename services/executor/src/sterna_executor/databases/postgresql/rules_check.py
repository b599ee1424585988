"""Whether every row of a table keeps a rule: a condition that a user has written."""

from sterna_core.expression.vetting import ExpressionRefused, vet_expression
from sterna_core.migration.validation_events import Finding
from sterna_core.migration.validation_options import Rule
from sterna_core.postgres.driver_errors import DRIVER_ERRORS
from sterna_core.postgres.identifiers import qualified
from sterna_core.tasks.validation_work import ValidateRules
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.database import Assignment
from sterna_executor.databases.postgresql.errors import translate, translated
from sterna_executor.databases.postgresql.statements import statements

_SERVERS_OWN = frozenset({"08", "53", "58", "XX"})
RULE_SECONDS = 1_800
"""How long counting the rows that break one rule may take."""


async def check_rules(assignment: Assignment, work: ValidateRules) -> list[Finding]:
    """Count the rows that break each rule, on a connection that nobody uses afterwards.

    Raises what `translated` makes of the driver's errors; what is wrong with a rule itself is a
    finding.
    """
    return [await _in_session(assignment, rule) for rule in work.rules]


async def _in_session(assignment: Assignment, rule: Rule) -> Finding:
    async with assignment.target.session(keep=False) as target:
        try:
            return await _check(target, rule)
        except ExpressionRefused as refused:
            return _failed(rule, refused.message)
        except DRIVER_ERRORS as error:
            state = getattr(error, "sqlstate", None)
            if target.is_closed() or state is None or state[:2] in _SERVERS_OWN:
                raise translate(error, "target") from None
            return _failed(rule, f"it cannot be evaluated (SQLSTATE {state})")


async def _check(target: Connection, rule: Rule) -> Finding:
    schema, _, name = rule.table.partition(".")
    with translated("target"):
        columns = await target.fetch(statements("rules_check.sql")["columns"], schema, name)
    if not columns:
        return _failed(rule, f"the target has no table {rule.table}")
    vetted = vet_expression(rule.expression, columns=[row["name"] for row in columns], table=name)
    await target.execute(
        f"begin isolation level repeatable read read only;"
        f" set local statement_timeout = '{RULE_SECONDS}s'"
    )
    # Extended protocol: one statement, whatever the expression holds.
    row = await target.fetchrow(
        f"select pg_catalog.count(*) as rows,"
        f" pg_catalog.count(*) filter (where ({vetted.text}\n) is false) as broken"
        f" from {qualified(schema, name)}"
    )
    broken = int(row["broken"])
    return Finding(
        subject=rule.name,
        passed=not broken,
        text=f"{broken} of {row['rows']} rows of {rule.table} break it" if broken else "",
        figures={"table": rule.table, "rows": row["rows"], "broken": broken},
    )


def _failed(rule: Rule, text: str) -> Finding:
    return Finding(subject=rule.name, passed=False, text=text, figures={"table": rule.table})
