import fnmatch
from collections import UserString
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from sterna_core.migration.glob import Glob, TableGlobs

NAMES = st.text(alphabet="abA.", max_size=12)
PATTERNS = st.text(alphabet="abA.*?", max_size=12)


@given(PATTERNS, NAMES)
def test_a_pattern_of_stars_and_question_marks_means_what_it_means_to_a_shell(
    pattern: str, name: str
):
    assert Glob(pattern).matches(name) == fnmatch.fnmatchcase(name, pattern)


@given(st.text(alphabet="ab[]!\\{}$^é\n", min_size=1, max_size=10))
def test_everything_but_stars_and_question_marks_stands_for_itself(name: str):
    assert Glob(name).matches(name)
    assert not Glob(name).matches(name + "x")


def test_case_counts():
    assert Glob("TEMP_*").matches("TEMP_1")
    assert not Glob("TEMP_*").matches("temp_1")


class CountedText(UserString):
    """A name that counts how often one of its characters is looked at."""

    looks = 0

    def __iter__(self) -> Iterator[str]:
        for character in self.data:
            self.looks += 1
            yield character


def test_a_pattern_of_many_stars_looks_at_each_character_once():
    name = CountedText("a" * 5_000)
    assert not Glob("*a" * 200 + "b").matches(name)
    assert name.looks == 5_000


def test_a_table_is_meant_by_its_name_or_by_its_name_with_the_schema():
    globs = TableGlobs(("audit_*", "shop.tmp?"))
    assert globs.match("any", "audit_log")
    assert globs.match("shop", "tmp1")
    assert not globs.match("other", "tmp1")
    assert not globs.match("shop", "orders")


def test_patterns_that_stand_for_nothing_are_told():
    globs = TableGlobs(("a*", "nothing"))
    assert globs.unused((("s", "apple"), ("s", "pear"))) == ("nothing",)
