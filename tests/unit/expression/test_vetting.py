import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.expression.hostile import HOSTILE
from tests.support.expression.useful import COLUMNS, USEFUL

from sterna_core.expression.vetting import ExpressionRefused, vet_expression


def test_the_corpora_are_large_enough():
    assert len(HOSTILE) >= 200
    assert len(USEFUL) >= 50


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_refused(text: str):
    with pytest.raises(ExpressionRefused) as refused:
        vet_expression(text, columns=COLUMNS, table="victim")
    assert refused.value.code == "expression_refused"


@pytest.mark.parametrize("text", USEFUL)
def test_a_useful_expression_passes(text: str):
    vetted = vet_expression(text, columns=COLUMNS, table="victim")
    assert vetted.text == text
    assert vetted.columns <= set(COLUMNS)


def test_an_expression_tells_which_columns_it_reads():
    vetted = vet_expression("coalesce(name, victim.email) || id", columns=COLUMNS, table="victim")
    assert vetted.columns == {"name", "email", "id"}


def test_a_column_is_found_as_the_server_would_fold_its_name():
    assert vet_expression("NAME", columns=["name"]).columns == {"name"}
    with pytest.raises(ExpressionRefused):
        vet_expression('"NAME"', columns=["name"])


def test_a_refusal_does_not_quote_what_the_text_holds():
    with pytest.raises(ExpressionRefused) as refused:
        vet_expression("'canary-5f1e' ||", columns=COLUMNS)
    assert "canary" not in refused.value.message


@given(st.text(max_size=60))
def test_any_text_is_refused_or_given_back(text: str):
    try:
        assert vet_expression(text, columns=COLUMNS, table="victim").text == text.strip()
    except ExpressionRefused as refused:
        assert refused.message


@given(
    st.sampled_from(USEFUL),
    st.sampled_from(["; drop table victim", " -- x", "/* x */", " from victim", ", 1", " as x"]),
)
def test_a_useful_expression_with_something_behind_it_is_refused(text: str, tail: str):
    with pytest.raises(ExpressionRefused):
        vet_expression(text + tail, columns=COLUMNS, table="victim")
