"""The kinds of validation: what each came to."""

from sterna_core.certificate.statement import KindResult
from sterna_core.migration.about import About
from sterna_core.migration.run import Run


def proven_kinds(about: About, run: Run) -> tuple[KindResult, ...] | None:
    """Give what each kind of validation came to; None where one that is wanted did not pass."""
    del about
    equal = sum(table.proven == run.generation for table in run.tables.values())
    if equal != len(run.tables):
        return None
    return (KindResult(kind="content", status="passed", checked=equal, failed=0),)
