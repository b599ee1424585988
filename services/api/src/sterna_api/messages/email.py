import asyncio
import hashlib
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

import aiosmtplib
from msgspec import Struct

from sterna_api.messages.channel import Told
from sterna_api.messages.message import Message
from sterna_core.clock import Clock
from sterna_core.errors import Misconfigured
from sterna_core.secrets.secret import Secret

SEND_SECONDS = 15.0
SmtpTls = Literal["starttls", "tls", "none"]
_PERMANENT = 500


class SmtpServer(Struct, frozen=True, kw_only=True):
    """The server that takes e-mail, and how to enter it."""

    host: str
    port: int
    tls: SmtpTls
    sender: str
    username: str | None = None
    password: Secret | None = None
    ca_file: str | None = None

    def __post_init__(self) -> None:
        if (self.username is None) != (self.password is None):
            raise Misconfigured("set both STERNA_SMTP_USERNAME and STERNA_SMTP_PASSWORD, or none")
        if self.password is not None and self.tls == "none":
            raise Misconfigured("STERNA_SMTP_PASSWORD is not sent in clear: set STERNA_SMTP_TLS")


class EmailChannel:
    """Tells people by e-mail, one message for each."""

    def __init__(self, server: SmtpServer, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    async def tell(self, recipient: str, message: Message, *, event_id: str) -> Told:
        """Hand a message to the server."""
        server = self._server
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await aiosmtplib.send(
                    self._written(recipient, message, event_id),
                    sender=server.sender,
                    recipients=[recipient],
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=server.password.reveal() if server.password else None,
                    use_tls=server.tls == "tls",
                    start_tls=server.tls == "starttls",
                    cert_bundle=server.ca_file,
                    timeout=SEND_SECONDS,
                )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _judge(error)
        return Told("delivered")

    def _written(self, recipient: str, message: Message, event_id: str) -> EmailMessage:
        written = EmailMessage()
        written["From"] = self._server.sender
        written["To"] = recipient
        written["Subject"] = f"[Sterna] {message.subject}"
        written["Date"] = format_datetime(self._clock())
        # The same each time, so that a reader's program knows one that comes twice.
        digest = hashlib.sha256(f"{event_id} {recipient}".encode()).hexdigest()[:32]
        written["Message-ID"] = f"<{digest}@{self._server.sender.rpartition('@')[2]}>"
        written["Auto-Submitted"] = "auto-generated"
        written.set_content(message.text)
        written.add_alternative(message.html, subtype="html")
        return written


def _judge(error: BaseException) -> Told:
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return Told("failed", "smtp_login")
        case aiosmtplib.SMTPRecipientsRefused(recipients=refused):
            permanent = all(each.code >= _PERMANENT for each in refused)
            return Told("refused" if permanent else "failed", "recipient_refused")
        case aiosmtplib.SMTPSenderRefused():
            return Told("failed", "sender_refused")
        case TimeoutError() | aiosmtplib.SMTPTimeoutError():
            return Told("failed", "timeout")
        case aiosmtplib.SMTPNotSupported():
            return Told("failed", "smtp_not_supported")
        case aiosmtplib.SMTPResponseException():
            return Told("failed", "smtp_refused")
        case _:
            return Told("failed", "unreachable")
