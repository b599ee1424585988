"""Names are matched word by word."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_executor.databases.postgresql.abbreviations import SHORT_FORMS
from sterna_executor.databases.postgresql.name_match import (
    UNMATCHED_CAP,
    assign,
    name_score,
    words_of,
)
from sterna_executor.databases.postgresql.tokens import tokens

WORDS = sorted(SHORT_FORMS)
names = st.one_of(
    st.text(min_size=1, max_size=30),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("_".join),
)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("EMP_ID", "employee_id"),
        ("EMPID", "employee_id"),
        ("EmpId", "employee_id"),
        ("DEPT_NM", "department_name"),
        ("HIRE_DT", "hire_date"),
        ("ORD_NO", "order_number"),
        ("ORDER_NUM", "order_no"),
        ("QTY", "quantity"),
        ("TOT_AMT", "total_amount"),
        ("CUST_ADDR", "customer_address"),
        ("TEL", "phone"),
        ("ADDR1", "address_1"),
        ("EMPLOYEES", "employee"),
        ("firstName", "FIRST_NAME"),
    ],
)
def test_a_short_form_is_the_word_it_stands_for(source: str, target: str) -> None:
    assert name_score(source, target) > 0.9


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("HIRE_DT", "birth_date"),
        ("first_name", "last_name"),
        ("ADDR1", "address_2"),
        ("CUST_NAME", "customer_id"),
        ("created", "created_by"),
        ("salary", "colour"),
    ],
)
def test_a_word_without_a_counterpart_keeps_names_apart(source: str, target: str) -> None:
    assert name_score(source, target) <= UNMATCHED_CAP


def test_a_column_may_repeat_the_name_of_its_table() -> None:
    assert name_score("ID", "employee_id") <= UNMATCHED_CAP
    assert name_score("ID", "employee_id", words_of("EMPLOYEES")) > 0.9


@given(names, names, st.frozensets(st.sampled_from(WORDS), max_size=3))
def test_a_score_is_between_0_and_1_and_the_same_in_both_directions(
    first: str, second: str, context: frozenset[str]
) -> None:
    score = name_score(first, second, context)
    assert 0.0 <= score <= 1.0
    assert score == name_score(second, first, context)


@given(names)
def test_a_name_is_itself_and_itself_in_capitals(name: str) -> None:
    assert name_score(name, name) == 1.0  # ruff: ignore[float-equality-comparison]
    if name.isascii() and tokens(name) == tokens(name.upper()):
        assert name_score(name, name.upper()) > 0.98


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True), st.data())
def test_any_choice_of_short_forms_finds_the_words_again(
    words: list[str], data: st.DataObject
) -> None:
    short = [data.draw(st.sampled_from((word, *SHORT_FORMS[word]))) for word in words]
    assert name_score("_".join(short).upper(), "_".join(words)) > 0.9


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True),
    st.sampled_from(WORDS),
)
def test_a_word_too_many_caps_the_score(words: list[str], extra: str) -> None:
    if extra not in words:
        assert name_score("_".join(words), "_".join([*words, extra, "qqqq"])) <= UNMATCHED_CAP


@given(
    st.lists(names, max_size=12, unique=True),
    st.lists(names, max_size=12, unique=True),
    st.integers(),
)
def test_names_are_paired_one_to_one_whatever_their_order(
    sources: list[str], targets: list[str], seed: int
) -> None:
    def paired(ours: list[str], theirs: list[str]) -> set[tuple[str, str]]:
        found = assign(ours, theirs, lambda one, other: name_score(ours[one], theirs[other]), 0.6)
        assert len({pair.source for pair in found}) == len(found)
        assert len({pair.target for pair in found}) == len(found)
        assert all(pair.score >= 0.6 for pair in found)
        return {(ours[pair.source], theirs[pair.target]) for pair in found}

    chance = random.Random(seed)
    pairs = paired(sources, targets)
    assert {(name, name) for name in set(sources) & set(targets)} <= pairs
    assert (
        paired(chance.sample(sources, len(sources)), chance.sample(targets, len(targets))) == pairs
    )


def test_the_surest_pair_is_made_first() -> None:
    sources, targets = ["EMP_NAME", "NAME"], ["employee_name", "nickname"]
    found = assign(
        sources, targets, lambda one, other: name_score(sources[one], targets[other]), 0.6
    )
    assert [(pair.source, pair.target) for pair in found] == [(0, 0)]


def test_a_thousand_names_of_each_side_are_not_weighed_pair_by_pair() -> None:
    weighed = 0

    def score(_: int, __: int) -> float:
        nonlocal weighed
        weighed += 1
        return 1.0

    sources = [f"a{number}" for number in range(1_000)]
    targets = [f"b{number}" for number in range(1_000)]
    assert assign([*sources, "same"], [*targets, "same"], score, 0.6)[0].source == 1_000
    assert weighed == 1
