"""Says which version of a plan is meant: `ETag`, `If-Match` and `If-None-Match`."""

import re

from aiohttp import web

from sterna_api.http.problem import InvalidShape, Problem

ETAG = "ETag"
IF_MATCH = "If-Match"
IF_NONE_MATCH = "If-None-Match"
TAGS_MAX = 20
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]{0,200})"')


def etag_of(digest: str | None) -> dict[str, str]:
    """Give the header that names a version."""
    return {ETAG: f'"{digest}"'} if digest else {}


def wanted_digests(request: web.Request) -> tuple[str, ...]:
    """Give the versions that `If-Match` allows; none where any will do.

    A weak tag allows nothing. Raises InvalidShape for what is no list of tags.
    """
    if IF_MATCH not in request.headers:
        return ()
    tags = _tags(request, IF_MATCH)
    if tags is None:
        return ()
    # What matches no digest still has to match nothing.
    return tuple(tag for weak, tag in tags if not weak) or ("",)


def is_known(request: web.Request, digest: str | None) -> bool:
    """Tell whether the client has this version already, by `If-None-Match`."""
    if IF_NONE_MATCH not in request.headers or not digest:
        return False
    tags = _tags(request, IF_NONE_MATCH)
    return tags is None or any(tag == digest for _, tag in tags)


def _tags(request: web.Request, name: str) -> list[tuple[bool, str]] | None:
    """Give the tags, with whether each is weak; None for the asterisk."""
    text = ",".join(request.headers.getall(name)).strip()
    if text == "*":
        return None
    found: list[tuple[bool, str]] = []
    for part in text.split(",")[: TAGS_MAX + 1]:
        match = _TAG.fullmatch(part.strip())
        if match is None or len(found) == TAGS_MAX:
            msg = f'The header is a list of at most {TAGS_MAX} entity tags such as "abc", or *'
            raise InvalidShape([Problem(("header", name), msg, "entity_tag_invalid")])
        found.append((match[1] is not None, match[2]))
    return found
