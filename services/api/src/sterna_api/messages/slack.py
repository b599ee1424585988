import asyncio

import aiohttp
import msgspec

from sterna_api.messages.channel import Told
from sterna_api.messages.message import Message
from sterna_api.webhooks.delivery import REQUEST_SECONDS, reason_of
from sterna_core.secrets.secret import Secret

_GONE = frozenset({403, 404, 410})
"""What Slack answers where the address or the channel is no more."""


class SlackChannel:
    """Tells a channel by an incoming webhook, whose address is a secret."""

    def __init__(self, session: aiohttp.ClientSession, url: Secret) -> None:
        self._session = session
        self._url = url

    async def tell(self, recipient: str, message: Message, *, event_id: str) -> Told:
        """Post a message; `recipient` is the channel's name."""
        del event_id
        body = msgspec.json.encode({"channel": recipient, "text": _marked_up(message)})
        try:
            async with (
                asyncio.timeout(REQUEST_SECONDS),
                self._session.post(
                    self._url.reveal(),
                    data=body,
                    headers={"Content-Type": "application/json"},
                    allow_redirects=False,
                ) as response,
            ):
                return _judge(response.status)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Told("failed", reason_of(error))


def _judge(status: int) -> Told:
    if 200 <= status < 300:
        return Told("delivered")
    return Told("refused" if status in _GONE else "failed", "status")


def _marked_up(message: Message) -> str:
    lines = [f"*{_escaped(message.subject)}*"]
    lines += [f"{_escaped(name)}: {_escaped(value)}" for name, value in message.lines]
    if message.link is not None:
        lines.append(_escaped(message.link))
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Keep a text from meaning anything to Slack: no link, no mention of everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
