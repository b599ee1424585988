"""How rows meet the triggers and foreign keys that the target has already.

Where the role may, they are at rest in the transactions that write (`session_replication_role`):
rows come as they are, in any order, and foreign keys are checked once afterwards. Where it may
not, tables wait for those they refer to; what that cannot keep right is refused.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from sterna_core.postgres.identifiers import quote
from sterna_core.tasks.table import TableSpec
from sterna_executor.databases.postgresql.connection import Connection
from sterna_executor.databases.postgresql.errors import translated
from sterna_executor.databases.postgresql.preflight_problem import Problem, shown
from sterna_executor.databases.postgresql.references import Reference

_QUIET = "set local session_replication_role = replica"
_LOUD = "set local session_replication_role = origin"


class Writing(Struct, frozen=True, kw_only=True):
    """How the tables are written, by address: which are quiet, and which wait for which."""

    quiet: frozenset[int]
    after: Mapping[int, frozenset[int]]
    problems: tuple[Problem, ...]


async def hush(target: Connection, table: TableSpec) -> None:
    """Put triggers and foreign keys at rest until the transaction ends, where the plan says so."""
    if table.quiet:
        await hush_all(target)


async def hush_all(target: Connection) -> None:
    """Put triggers and foreign keys at rest until the transaction ends, or until `wake`."""
    with translated("target"):
        await target.execute(_QUIET)


async def wake(target: Connection) -> None:
    """Let triggers and foreign keys act again."""
    with translated("target"):
        await target.execute(_LOUD)


def choose_writing(
    names: Mapping[int, str],
    triggers: Mapping[int, Sequence[str]],
    references: Sequence[Reference],
    *,
    may_be_quiet: bool,
    role: str,
) -> Writing:
    """Choose how tables are written; `names` and `triggers` are by address.

    `references` are the foreign keys of these tables and those that refer to them.
    """
    concerned = {oid for oid, found in triggers.items() if found}
    for reference in references:
        concerned |= {reference.child, *reference.parents} & names.keys()
    if may_be_quiet:
        return Writing(quiet=frozenset(concerned), after={}, problems=())
    after = {
        oid: frozenset(
            parent
            for reference in references
            if reference.child == oid
            for parent in reference.parents
            if parent in names
        )
        for oid in names
    }
    grant = (
        f"GRANT SET ON PARAMETER session_replication_role TO {quote(role)}"
        " (since PostgreSQL 15; before, enter as a superuser)"
    )
    problems = []
    with_triggers = sorted(names[oid] for oid, found in triggers.items() if found)
    if with_triggers:
        problems.append(
            f"triggers of {shown(with_triggers)} on the target would act on every row: {grant}"
        )
    acting = sorted({each.spoken for each in references if each.acts})
    if acting:
        problems.append(
            f"{shown(acting)} on the target would change rows when a row is mended: {grant}"
        )
    circle = sorted(names[oid] for oid in _in_circles(after))
    if circle:
        problems.append(
            f"foreign keys of {shown(circle)} on the target go in a circle, so no order of rows"
            f" keeps them: {grant}"
        )
    return Writing(
        quiet=frozenset(),
        after={oid: found for oid, found in after.items() if found},
        problems=tuple(Problem("right", text) for text in problems),
    )


def _in_circles(after: Mapping[int, frozenset[int]]) -> set[int]:
    """Give the tables that wait for themselves in the end, or for such."""
    left = dict(after)
    while ready := [oid for oid, waits in left.items() if not waits & left.keys()]:
        for oid in ready:
            del left[oid]
    return set(left)
