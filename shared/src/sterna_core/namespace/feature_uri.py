"""Addresses of what an extractor makes: `sterna://extractor@version/output`."""

import re
from typing import Final

from msgspec import Struct

SCHEME: Final = "sterna"
_KNOWN_SCHEMES: Final = "sterna|mixpeek"
_URI = re.compile(
    rf"(?P<scheme>{_KNOWN_SCHEMES})://(?P<extractor>[A-Za-z0-9_.-]+)@(?P<version>[A-Za-z0-9_.-]+)"
    r"/(?P<output>[A-Za-z0-9_./-]+)"
)


class FeatureUri(Struct, frozen=True, order=True):
    """One output of one version of an extractor: vectors of two of them are never compared."""

    extractor: str
    version: str
    output: str

    def __str__(self) -> str:
        return f"{SCHEME}://{self.extractor}@{self.version}/{self.output}"


def parse_feature_uri(text: str) -> FeatureUri | None:
    """Read an address, of our scheme or of `mixpeek://`; None where the text is none."""
    found = _URI.fullmatch(text)
    if found is None:
        return None
    return FeatureUri(found["extractor"], found["version"], found["output"])
