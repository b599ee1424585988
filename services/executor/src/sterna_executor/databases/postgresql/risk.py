from collections.abc import Iterable

from sterna_core.migration.plan import Risk, Severity

AFFECTED_NAMED = 50


def risk(
    severity: Severity,
    kind: str,
    description: str,
    affected: Iterable[str],
    mitigation: str,
    *,
    count: int | None = None,
) -> Risk:
    """Make a risk that names the first of what is affected, and says how many more there are.

    `count` is given where `affected` is not all.
    """
    names = list(affected)
    total = len(names) if count is None else count
    named = names[:AFFECTED_NAMED]
    if total > len(named) and named:
        named.append(f"and {total - len(named)} more")
    return Risk(
        severity=severity,
        type=kind,
        description=description,
        affected=tuple(named),
        mitigation=mitigation,
    )


def counted(number: int, one: str, many: str | None = None) -> str:
    """Say a number with its noun: `1 table`, `2 tables`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
