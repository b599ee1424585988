"""The words of a name: `EMP_ID`, `empId` and `employee_ids` have the same ones."""

import re
from functools import lru_cache

from rapidfuzz.distance import JaroWinkler

from sterna_executor.databases.postgresql.abbreviations import SHORT_FORMS, WORDS

SHORT_FORM = 0.98
BEGINNING = 0.9
RUN_TOGETHER = 0.95
ALIKE_AT_LEAST = 0.88
"""Below this, two words that are not known to mean the same are taken for different ones."""

_SHORTEST_FUZZY = 4
_SHORTEST_BEGINNING = 3
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+|[^\W_]", re.UNICODE)


@lru_cache(maxsize=65_536)
def tokens(name: str) -> tuple[str, ...]:
    """Give the words of a name, in lower case and in the singular; never none."""
    found = tuple(_singular(part.casefold()) for part in _PARTS.findall(name))
    return found or (name.casefold(),)


@lru_cache(maxsize=65_536)
def alike(first: str, second: str) -> float:
    """Say how sure it is, from 0 to 1, that two words mean the same."""
    if first == second:
        return 1.0
    if first.isdigit() or second.isdigit():
        return 0.0
    if second in WORDS.get(first, ()) or first in WORDS.get(second, ()):
        return SHORT_FORM
    if WORDS.get(first, frozenset()) & WORDS.get(second, frozenset()):
        return SHORT_FORM * SHORT_FORM
    shorter, longer = sorted((first, second), key=lambda word: (len(word), word))
    if len(shorter) < _SHORTEST_BEGINNING:
        return 0.0
    if longer.startswith(shorter):
        return BEGINNING
    if len(shorter) < _SHORTEST_FUZZY:
        return 0.0
    ratio: float = JaroWinkler.similarity(shorter, longer)
    return ratio * BEGINNING if ratio >= ALIKE_AT_LEAST else 0.0


@lru_cache(maxsize=65_536)
def spelt_out(name: str) -> str:
    """Give the words of a name in one spelling; what may stand for several words stays as it is."""
    words = ((WORDS.get(token, frozenset()), token) for token in tokens(name))
    return "_".join(next(iter(found)) if len(found) == 1 else token for found, token in words)


def run_together(written: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Tell whether a name is the words of another one, or short forms of them, without a gap."""
    return _follows("".join(written), words)


def _follows(text: str, words: tuple[str, ...]) -> bool:
    if not words:
        return not text
    return any(
        text.startswith(form) and _follows(text[len(form) :], words[1:])
        for form in _forms(words[0])
    )


@lru_cache(maxsize=65_536)
def _forms(word: str) -> frozenset[str]:
    return frozenset({word, *SHORT_FORMS.get(word, ()), *WORDS.get(word, ())})


def _singular(word: str) -> str:
    if word in WORDS or word in SHORT_FORMS:
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
