import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.api_key.key import Pepper, is_well_formed, make_key
from sterna_core.errors import Misconfigured
from sterna_core.secrets.secret import Secret

_PEPPER = Pepper(Secret("sixteen characters and more"))


@given(st.binary(min_size=32, max_size=32))
def test_every_key_is_well_formed_and_can_be_selected_with_a_double_click(entropy: bytes):
    key = make_key(entropy).reveal()
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{49}", key)
    assert is_well_formed(key)
    assert is_well_formed(key.replace("live_", ""))
    assert is_well_formed(make_key(entropy, environment="test").reveal())


@given(st.binary(min_size=32, max_size=32), st.integers(8, 56), st.sampled_from("0aZ"))
def test_a_key_with_one_wrong_character_is_recognised(entropy: bytes, place: int, other: str):
    key = make_key(entropy).reveal()
    wrong = key[:place] + other + key[place + 1 :]
    assert is_well_formed(wrong) == (wrong == key)


@given(st.text())
def test_no_text_is_too_odd_to_be_judged(text: str):
    assert not is_well_formed("sk_" + text + "é")
    assert isinstance(is_well_formed(text), bool)


def test_fresh_keys_differ_and_hide_themselves():
    first, second = make_key(), make_key()
    assert first != second
    assert first.reveal() not in f"{first} {first!r}"


def test_a_digest_depends_on_the_key_and_on_the_pepper():
    other = Pepper(Secret("another sixteen characters"))
    assert _PEPPER.digest("sk_a") == _PEPPER.digest("sk_a")
    assert len({_PEPPER.digest("sk_a"), _PEPPER.digest("sk_b"), other.digest("sk_a")}) == 3


def test_what_is_derived_for_one_purpose_is_nothing_for_another():
    made = {
        _PEPPER.derive("webhook", "org", "id"),
        _PEPPER.derive("api-key", "org", "id"),
        _PEPPER.derive("webhook", "or", "gid"),
        _PEPPER.derive("webhook", "org\0id"),
    }
    assert len(made) >= 3
    assert _PEPPER.derive("webhook", "org", "id") == _PEPPER.derive("webhook", "org", "id")


def test_a_short_pepper_is_refused():
    with pytest.raises(Misconfigured, match="STERNA_KEY_PEPPER"):
        Pepper(Secret("short"))
