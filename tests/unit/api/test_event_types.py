import re
from pathlib import Path

import pytest

import sterna_api.projections
from sterna_core.webhook.event_type import EVENT_TYPES, covers, is_pattern

_TYPE = re.compile(
    r'"((?:namespace_migration|migration|approval|error|validation|certificate|rollback|webhook)\.[a-z_.]+)"'
)
_SOURCES = ("notification_of.py", "namespace_notification_of.py", "webhook_notices.py")


def test_every_type_that_is_sent_can_be_asked_for_and_the_other_way_round():
    folder = Path(sterna_api.projections.__path__[0])
    sent = {
        kind
        for name in _SOURCES
        for kind in _TYPE.findall((folder / name).read_text(encoding="utf-8"))
    }
    assert sent == set(EVENT_TYPES)
    assert len(set(EVENT_TYPES)) == len(EVENT_TYPES)


def test_every_type_is_documented():
    text = (Path(__file__).parents[3] / "docs/rest.md").read_text(encoding="utf-8")
    table = text.split("| type | when |")[1].split("\n\n")[0]
    documented = set()
    for line in table.splitlines():
        first = ""
        for name in re.findall(r"`([a-z_.]+)`", line.split("|")[1] if "|" in line else ""):
            first = first if name.startswith(".") else name
            documented.add(first.rpartition(".")[0] + name if name.startswith(".") else name)
    assert documented == set(EVENT_TYPES)


@pytest.mark.parametrize(
    ("pattern", "kind", "covered"),
    [
        ("*", "webhook.disabled", True),
        ("migration.*", "migration.phase.failed", True),
        ("migration.phase.*", "migration.phase.failed", True),
        ("migration.phase.*", "migration.failed", False),
        ("migration.*", "approval.required", False),
        ("migration.*", "namespace_migration.failed", False),
        ("namespace_migration.*", "namespace_migration.stage.started", True),
        ("migration.failed", "migration.failed", True),
        ("migration", "migration.failed", False),
    ],
)
def test_wildcards_cover_what_stands_below_them(pattern: str, kind: str, covered: bool):
    assert covers(pattern, kind) is covered
    assert is_pattern(pattern) is (pattern != "migration")
