from sterna_core.api_key.decider import API_KEY
from sterna_core.certificate.signing import SigningKey
from sterna_core.connection.decider import CONNECTION
from sterna_core.journal.codec import AnyAggregate
from sterna_core.migration.certify import certifying
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.namespace.decider import NAMESPACE
from sterna_core.namespace_migration.decider import NAMESPACE_MIGRATIONS
from sterna_core.namespace_name.decider import NAMESPACE_NAME
from sterna_core.notice.decider import NOTICES
from sterna_core.waiting.decider import WAITS
from sterna_core.webhook.decider import WEBHOOK

AGGREGATES: tuple[AnyAggregate, ...] = (
    MIGRATIONS,
    NAMESPACE_MIGRATIONS,
    CONNECTION,
    WEBHOOK,
    API_KEY,
    NOTICES,
    WAITS,
    NAMESPACE,
    NAMESPACE_NAME,
)
"""Every kind of thing that commands are sent to."""


def aggregates_signing_with(key: SigningKey | None) -> tuple[AnyAggregate, ...]:
    """Give every kind of thing, for a decider that certifies migrations with a key."""
    return tuple(certifying(key) if each is MIGRATIONS else each for each in AGGREGATES)
