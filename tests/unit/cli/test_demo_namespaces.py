"""The demonstration of namespaces ends well only if all is true that it is to show."""

from typing import Any

import pytest

from sterna_cli.client.namespace_migrations import NamespaceMigration, Progress
from sterna_cli.client.namespaces import Alias
from sterna_cli.demo.glosses import Query
from sterna_cli.demo.namespaces.quality import Quality
from sterna_cli.demo.namespaces.verdict import Verdict

QUERIES = (Query("q1", "a boat", {"d1": 3, "d2": 1}),)
WORSE = Quality(frozenset({"ns_old"}), {"q1": {"d9": 0.9, "d1": 0.1}})
BETTER = Quality(frozenset({"ns_new"}), {"q1": {"d1": 0.9, "d2": 0.8}})
PASSED = {"verdict": "passed"}


def verdict(benchmark: dict[str, Any] | None = None, **told: Any) -> Verdict:
    data = {
        "target_namespace_id": "ns_new",
        "documents_moved": 3,
        "documents_set_aside": 0,
        "figures": {"col_1": {"documents_compared": 2.0}, "col_2": {"documents_compared": 1.0}},
        **told,
    }
    migration = NamespaceMigration(
        migration_id="nmig_1",
        namespace_id="ns_old",
        status="completed",
        progress=Progress(),
        additional_data=data,
    )
    return Verdict("ns_old", migration, PASSED if benchmark is None else benchmark)


def judged(found: Verdict) -> Verdict:
    found.judge_kill(has_killed=True)
    found.judge_quality(WORSE, BETTER, QUERIES)
    found.judge_alias(Alias(name="live", namespace_id="ns_new", previous_namespace_id="ns_old"))
    assert found.judge_switch("back", Alias(name="live", namespace_id="ns_old"), WORSE, WORSE)
    assert found.judge_switch("forth", Alias(name="live", namespace_id="ns_new"), BETTER, BETTER)
    return found


def test_it_is_well_when_all_is_true() -> None:
    assert judged(verdict()).wrong == []


@pytest.mark.parametrize(
    ("benchmark", "told", "said"),
    [
        ({"verdict": "failed"}, {}, "gate"),
        (None, {"documents_moved": 4}, "only 3 of 4 documents were compared"),
        (None, {"documents_set_aside": 1}, "compared"),
    ],
)
def test_what_was_not_proven_is_said(
    benchmark: dict[str, Any] | None, told: dict[str, Any], said: str
) -> None:
    (wrong,) = judged(verdict(benchmark, **told)).wrong
    assert said in wrong


def test_it_is_not_well_when_nobody_was_killed_nothing_more_is_found_or_the_alias_is_elsewhere() -> (
    None
):
    found = verdict()
    found.judge_kill(has_killed=False)
    found.judge_quality(WORSE, Quality(frozenset({"ns_new"}), WORSE.found), QUERIES)
    found.judge_alias(Alias(name="live", namespace_id="ns_old"))
    assert not found.judge_switch("back", Alias(name="live", namespace_id="ns_old"), BETTER, WORSE)
    assert len(found.wrong) == 4
