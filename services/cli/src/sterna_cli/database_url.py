from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from sterna_core.errors import InvalidRequest
from sterna_core.secrets.secret import Secret

Side = Literal["source", "target"]

_SCHEMES = frozenset({"postgresql", "postgres"})
_SSL_MODES = frozenset({"disable", "prefer", "require", "verify-ca", "verify-full"})
_DEFAULT_PORT = 5432


class DatabaseUrl(Struct, frozen=True, kw_only=True):
    """Where a database is and how to enter it, as given on the command line."""

    host: str
    port: int
    database: str
    username: str
    password: Secret
    ssl_mode: str

    @classmethod
    def parse(cls, text: str, side: Side, environ: Mapping[str, str]) -> "DatabaseUrl":
        """Read `postgresql://user:password@host:port/database?sslmode=…`.

        A URL without a password takes it from STERNA_SOURCE_PASSWORD or STERNA_TARGET_PASSWORD.
        Raises InvalidRequest, which never repeats the text.
        """
        try:
            parts = urlsplit(text)
            port = parts.port or _DEFAULT_PORT
        except ValueError:
            raise _wrong(side, "its host or port cannot be read") from None
        query = parse_qs(parts.query, keep_blank_values=True)
        host = parts.hostname or next(iter(query.pop("host", [])), "")
        ssl_mode = query.pop("sslmode", ["prefer"])[-1]
        if parts.scheme not in _SCHEMES:
            raise _wrong(side, "it does not begin with postgresql://")
        if not host or host.startswith("/"):
            raise _wrong(side, "it names no host (sockets in the file system are not supported)")
        if not (parts.path.strip("/") and parts.username):
            raise _wrong(side, "it names no user or no database")
        if ssl_mode not in _SSL_MODES:
            raise _wrong(side, f"its sslmode is none of {', '.join(sorted(_SSL_MODES))}")
        if query:
            raise _wrong(side, "it has a parameter other than sslmode")
        password = (
            unquote(parts.password)
            if parts.password is not None
            else environ.get(f"STERNA_{side.upper()}_PASSWORD", "")
        )
        return cls(
            host=host,
            port=port,
            database=unquote(parts.path.strip("/")),
            username=unquote(parts.username),
            password=Secret(password),
            ssl_mode=ssl_mode,
        )

    def __str__(self) -> str:
        return f"{self.username}@{self.host}:{self.port}/{self.database}"

    def connection(self, name: str, role: Side) -> dict[str, Any]:
        """Give the body that creates this connection at the API; it holds the password."""
        return {
            "name": name,
            "type": "postgresql",
            "role": role,
            "config": {
                "host": self.host,
                "port": self.port,
                "database": self.database,
                "username": self.username,
                "password": self.password.reveal(),
            },
            "options": {"ssl_mode": self.ssl_mode},
        }


def _wrong(side: Side, reason: str) -> InvalidRequest:
    return InvalidRequest(
        f"the {side} is not a usable URL: {reason}; "
        "expected postgresql://user:password@host:5432/database"
    )
