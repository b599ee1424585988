import pytest

from sterna_executor.databases.postgresql.encoding import Conversion


@pytest.mark.parametrize(
    ("source", "target", "may_fail"),
    [
        ("UTF8", "UTF8", False),
        ("LATIN1", "UTF8", False),
        ("LATIN1", "LATIN1", False),
        ("UTF8", "LATIN1", True),
        ("UTF8", "SQL_ASCII", False),
        ("SQL_ASCII", "UTF8", True),
        ("SQL_ASCII", "SQL_ASCII", True),
    ],
)
def test_text_can_fail_where_the_target_has_fewer_characters_or_the_source_knows_none(
    source: str, target: str, may_fail: bool
):
    assert Conversion(source, target).may_fail is may_fail


def test_a_character_that_the_target_lacks_does_not_fit():
    conversion = Conversion("UTF8", "LATIN1")
    assert conversion.holds("é".encode())
    assert not conversion.holds("€".encode())


def test_bytes_of_unknown_encoding_fit_where_they_are_utf8():
    conversion = Conversion("SQL_ASCII", "UTF8")
    assert conversion.holds("é".encode())
    assert not conversion.holds("é".encode("latin-1"))


def test_an_encoding_that_cannot_be_tried_here_is_known_as_such():
    assert not Conversion("MULE_INTERNAL", "LATIN1").is_known
