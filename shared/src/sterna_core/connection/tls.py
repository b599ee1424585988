import ssl

from sterna_core.connection.endpoint import SslMode


def tls_for(mode: SslMode) -> str | ssl.SSLContext:
    """Give what asyncpg needs for a mode; certificates are checked against the system's store."""
    if mode not in {"verify-ca", "verify-full"}:
        return mode
    context = ssl.create_default_context()
    context.check_hostname = mode == "verify-full"
    return context
