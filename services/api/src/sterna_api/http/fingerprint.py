import hashlib

import msgspec
from aiohttp import web

from sterna_api.http.caller import caller_of

_DIGEST_BYTES = 16


def fingerprint(request: web.Request, body: msgspec.Struct | None, key: bytes) -> str:
    """Give what tells a repeat of a request from another one under the same Idempotency-Key.

    The body counts as it was understood, so white space and order make no difference; who sent it
    counts too, for an answer may hold what only they may see. It is made with a key, for a body
    may hold a password, and nobody is to try out guesses of it.
    """
    asked = f"{request.method} {request.path_qs}\0{caller_of(request).key_id}\0"
    content = asked.encode() + msgspec.json.encode(body)
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES, key=key).hexdigest()
