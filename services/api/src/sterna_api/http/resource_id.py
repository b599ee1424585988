import re

from aiohttp import web

from sterna_core.errors import NotFound

_HEX = re.compile(r"[0-9a-f]{32}\Z")


def resource_id(request: web.Request, *, name: str, prefix: str, noun: str) -> str:
    """Give an id of the path; what cannot be one is not found, like any that is unknown.

    Raises NotFound with the code `<noun>_not_found`.
    """
    text = request.match_info[name]
    if not is_id(prefix, text):
        raise not_found(noun)
    return text


def is_id(prefix: str, text: str) -> bool:
    """Tell whether a text can be the id of a thing."""
    return text.startswith(prefix) and _HEX.match(text[len(prefix) :]) is not None


def not_found(noun: str) -> NotFound:
    """Give the error for an id that this organisation does not have."""
    words = noun.replace("_", " ").replace("api", "API")
    return NotFound(f"There is no such {words}.", code=f"{noun}_not_found")
