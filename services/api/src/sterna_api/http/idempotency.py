import re

from aiohttp import web

from sterna_api.http.problem import InvalidShape, Problem

IDEMPOTENCY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")


def idempotency_key(request: web.Request) -> str | None:
    """Give the word that tells a repeat of a request; raises InvalidShape for what is no word."""
    keys = request.headers.getall(IDEMPOTENCY_HEADER, [])
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.match(keys[0]):
        msg = "The key is 1 to 255 visible ASCII characters"
        raise InvalidShape([Problem(("header", IDEMPOTENCY_HEADER), msg, "key_invalid")])
    return keys[0]
