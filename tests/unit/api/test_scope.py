from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.api_key.commands import CreateApiKey, RotateApiKey, UpdateApiKey
from sterna_core.api_key.decider import API_KEY
from sterna_core.api_key.scope import GRANTS, SCOPES, Scope, allows, within
from sterna_core.journal.local import LocalDecider

_GRANTS = st.lists(st.sampled_from(GRANTS), max_size=4)


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        (("migrations:read",), {"migrations:read"}),
        (("migrations:*",), {"migrations:read", "migrations:write", "migrations:approve"}),
        (("*:read",), {scope for scope in SCOPES if scope.endswith(":read")}),
        (("*",), set(SCOPES)),
        ((), set()),
        (("admin:write", "webhooks:read"), {"admin:write", "webhooks:read"}),
    ],
)
def test_a_scope_allows_what_it_names_and_nothing_else(held: tuple[str, ...], allowed: set[str]):
    assert {scope for scope in SCOPES if allows(held, scope)} == allowed


@given(_GRANTS, _GRANTS)
def test_what_is_within_others_never_allows_more(wanted: list[str], held: list[str]):
    if within(wanted, held):
        assert all(allows(held, scope) for scope in SCOPES if allows(wanted, scope))


@given(_GRANTS)
def test_everybody_may_give_what_they_have(held: list[str]):
    assert within(held, held)
    assert within(held, ["*"])


def test_every_right_can_be_given_alone():
    assert set(get_args(Scope)) <= set(GRANTS)


def _key(**fields: object) -> LocalDecider:
    decider = LocalDecider([API_KEY])
    outcome = decider.send("key_1", CreateApiKey(name="k", digest="0" * 64, **fields))
    assert outcome.rejected is None
    return decider


def test_a_key_cannot_give_what_it_does_not_have():
    command = CreateApiKey(
        name="k", digest="0", scopes=("admin:*", "*:read"), holder_scopes=("admin:*",)
    )
    outcome = LocalDecider([API_KEY]).send("key_1", command)
    assert outcome.rejected.code == "forbidden"
    assert outcome.rejected.details == {"scopes": ["*:read"]}


def test_a_key_cannot_change_or_rotate_one_that_may_do_more():
    decider = _key(scopes=("migrations:write",))
    for command in (
        UpdateApiKey(name="mine", holder_scopes=("admin:*",)),
        UpdateApiKey(scopes=("admin:read",), holder_scopes=("admin:*",)),
        RotateApiKey(digest="1", overlap_seconds=0, holder_scopes=("admin:*",)),
    ):
        assert decider.send("key_1", command).rejected.code == "forbidden"
    widened = UpdateApiKey(scopes=("webhooks:read",), holder_scopes=("admin:*", "migrations:*"))
    assert decider.send("key_1", widened).rejected.code == "forbidden"


def test_an_update_changes_what_is_given_and_says_nothing_where_nothing_changes():
    decider = _key(ip_whitelist=("10.0.0.0/8",))
    (event,) = decider.send("key_1", UpdateApiKey(name="new")).events
    assert event.name == "new"
    assert event.ip_whitelist == ("10.0.0.0/8",)
    assert decider.send("key_1", UpdateApiKey(name="new")).events == ()
    assert decider.send("key_1", UpdateApiKey(ip_whitelist=())).events[0].ip_whitelist == ()
