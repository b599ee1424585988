import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_cli.database_url import DatabaseUrl, Side
from sterna_core.errors import InvalidRequest
from sterna_core.secrets.secret import Secret


def test_a_url_is_read_with_its_escapes():
    url = DatabaseUrl.parse(
        "postgresql://anna%40x:p%2Fw@db.example:6000/shop%20one?sslmode=require", "source", {}
    )
    assert (url.host, url.port, url.database, url.username) == (
        "db.example",
        6000,
        "shop one",
        "anna@x",
    )
    assert url.password.reveal() == "p/w"
    assert url.connection("old", "source")["options"] == {"ssl_mode": "require"}


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_password_left_out_comes_from_the_environment_of_its_side(side: Side):
    environ = {f"STERNA_{side.upper()}_PASSWORD": "from-env"}
    url = DatabaseUrl.parse("postgres://u@h/d", side, environ)
    assert url.password.reveal() == "from-env"


def test_a_password_in_the_url_wins_over_the_environment():
    url = DatabaseUrl.parse("postgres://u:own@h/d", "source", {"STERNA_SOURCE_PASSWORD": "env"})
    assert url.password.reveal() == "own"


@pytest.mark.parametrize(
    "text",
    [
        "mysql://u:canary@h/d",
        "postgresql://u:canary@h",
        "postgresql://:canary@h/d",
        "postgresql://u:canary@h:port/d",
        "postgresql://u:canary@/d",
        "postgresql://u:canary@[::1/d",
        "postgresql://u:canary@h/d?sslmode=yes",
        "postgresql://u:canary@h/d?options=canary",
        "postgresql://u:canary@h:99999/d",
        "u:canary",
        "",
    ],
)
def test_an_unusable_url_is_refused_without_repeating_it(text: str):
    with pytest.raises(InvalidRequest) as refused:
        DatabaseUrl.parse(text, "target", {})
    assert "canary" not in str(refused.value)
    assert "target" in str(refused.value)


@given(st.text(min_size=1))
def test_no_text_of_a_url_shows_its_password(password: str):
    url = DatabaseUrl(
        host="h", port=1, database="d", username="u", password=_secret(password), ssl_mode="prefer"
    )
    assert str(url) == "u@h:1/d"
    assert repr(url) == repr(
        DatabaseUrl(
            host="h", port=1, database="d", username="u", password=_secret(""), ssl_mode="prefer"
        )
    )


def _secret(text: str) -> Secret:
    return DatabaseUrl.parse(
        "postgres://u@h/d", "source", {"STERNA_SOURCE_PASSWORD": text}
    ).password
