"""A namespace says whether its definitions are as somebody put them."""

from datetime import UTC, datetime

import pytest

from sterna_core.errors import Rejected
from sterna_core.journal.aggregate import Context
from sterna_core.namespace.commands import CheckResources
from sterna_core.namespace.decider import decide
from sterna_core.namespace.putting import digest_of
from sterna_core.namespace.resource import Resource
from sterna_core.namespace.state import Held, Live

_CONTEXT = Context(
    now=datetime(2026, 1, 1, tzinfo=UTC),
    command_id="1",
    org_id="org_1",
    aggregate_id="ns_1",
    actor="key_1",
)


def test_what_is_missing_and_what_was_changed_is_named() -> None:
    digests = {
        name: digest_of(Resource(name, "bucket", {"a": name})) for name in ("one", "two", "three")
    }
    there = {name: Held(kind="bucket", digest=each) for name, each in digests.items()}
    state = Live(name="space", resources=there)
    assert decide(state, CheckResources(digests=digests), _CONTEXT) == ()
    there = {"one": there["one"], "two": there["three"]}
    with pytest.raises(Rejected) as refused:
        decide(Live(name="space", resources=there), CheckResources(digests=digests), _CONTEXT)
    assert refused.value.code == "resources_differ"
    assert refused.value.details == {"missing": ["three"], "changed": ["two"]}
