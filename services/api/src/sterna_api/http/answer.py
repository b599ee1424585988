from typing import Any

import msgspec
from aiohttp import web

from sterna_api.http.media import JSON

_encoder = msgspec.json.Encoder()


def answer(
    body: Any, *, status: int = 200, headers: dict[str, str] | None = None, content_type: str = JSON
) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        body=_encoder.encode(body),
        status=status,
        headers=headers,
        content_type=content_type,
        charset="utf-8",
    )
