from sterna_core.api_key.decider import API_KEY
from sterna_core.connection.decider import CONNECTION
from sterna_core.journal.codec import AnyAggregate
from sterna_core.migration.decider import MIGRATIONS
from sterna_core.webhook.decider import WEBHOOK

AGGREGATES: tuple[AnyAggregate, ...] = (MIGRATIONS, CONNECTION, WEBHOOK, API_KEY)
"""Every kind of thing that commands are sent to."""
