from typing import Any

import msgspec
from aiohttp import web

_encoder = msgspec.json.Encoder()


def answer(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        body=_encoder.encode(body),
        status=status,
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )
