"""The example for other languages does what our own rule does."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sterna_core.journal.terms import TERM_STARTED, Mark, Reading, read_on

NODE = shutil.which("node")
PAGE = Path(__file__).parents[3] / "docs" / "journal.md"

marks = st.builds(
    Mark,
    st.sampled_from([TERM_STARTED, "tally.added.v1"]),
    st.integers(0, 4),
    st.sampled_from(["a", "b", "c"]),
    st.just(0),
)


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@settings(max_examples=5, deadline=None)
@given(logs=st.lists(st.lists(marks, max_size=30), min_size=40, max_size=60))
def test_the_documented_rule_in_javascript_is_the_rule(logs: list[list[Mark]]):
    example = PAGE.read_text().split("```javascript")[1].split("```")[0]
    headers = [
        [{"ce_type": m.type, "ce_term": str(m.term), "ce_owner": m.owner} for m in log]
        for log in logs
    ]
    program = f"""{example}
        const found = {json.dumps(headers)}.map((log) => {{
          const fresh = {{ ...reading }};
          return log.map((one) => counts(fresh, one));
        }});
        console.log(JSON.stringify(found));"""
    printed = subprocess.run(
        [NODE or "", "-e", program], capture_output=True, check=True, text=True
    )
    assert json.loads(printed.stdout) == [by_our_rule(log) for log in logs]


def by_our_rule(log: list[Mark]) -> list[bool]:
    reading, found = Reading(), []
    for mark in log:
        reading, counts = read_on(reading, mark)
        found.append(counts)
    return found
