import ssl
from typing import Any

from msgspec import Struct

from sterna_core.errors import Misconfigured
from sterna_core.secrets.secret import Secret

REQUEST_TIMEOUT_SECONDS = 10.0
"""How long one request to a broker may take before the connection counts as lost."""

_RETRY_BACKOFF_SECONDS = 0.1
_METADATA_AGE_SECONDS = 60.0


class KafkaAccess(Struct, frozen=True):
    """How to reach Kafka."""

    bootstrap: str
    """`host:port`, several with commas."""
    client_id: str = "sterna"
    security_protocol: str = "PLAINTEXT"
    """PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."""
    sasl_mechanism: str = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: Secret | None = None
    tls_ca_file: str | None = None

    def arguments(self) -> dict[str, Any]:
        """Give what every aiokafka client is made with; raises Misconfigured."""
        return {
            "bootstrap_servers": [server.strip() for server in self.bootstrap.split(",")],
            "client_id": self.client_id,
            "request_timeout_ms": int(REQUEST_TIMEOUT_SECONDS * 1000),
            "retry_backoff_ms": int(_RETRY_BACKOFF_SECONDS * 1000),
            "metadata_max_age_ms": int(_METADATA_AGE_SECONDS * 1000),
            "security_protocol": self.security_protocol,
            "ssl_context": self._tls(),
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password.reveal() if self.sasl_password else None,
        }

    def _tls(self) -> ssl.SSLContext | None:
        if "SSL" not in self.security_protocol:
            return None
        try:
            return ssl.create_default_context(cafile=self.tls_ca_file)
        except OSError:
            raise Misconfigured(
                "The file with Kafka's certificate authority is not read."
            ) from None
