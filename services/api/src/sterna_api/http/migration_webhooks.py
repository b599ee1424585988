"""The address that a migration of a namespace is given: a webhook about it alone."""

from msgspec import Struct

from sterna_api.http.command_desk import CommandDesk, Ticket
from sterna_api.http.namespace_starts import own_ticket
from sterna_api.http.problem import InvalidShape
from sterna_api.http.webhook_bodies import url_problems
from sterna_api.webhooks.guard import AddressGuard
from sterna_api.webhooks.secret import make_secret, seal_context
from sterna_core import ids
from sterna_core.api_key.key import Pepper
from sterna_core.errors import Rejected
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.secrets.keyring import Keyring
from sterna_core.webhook.commands import CreateWebhook, DeleteWebhook
from sterna_core.webhook.event_type import OF_NAMESPACES

_GONE = frozenset(("webhook_not_found",))


class MigrationWebhook(Struct, frozen=True, kw_only=True):
    """The webhook that calls `webhook_url`; its secret is shown in this answer only."""

    id: str
    secret: str


class MigrationWebhooks:
    """Makes the webhook of a migration, and takes it back."""

    def __init__(
        self,
        desk: CommandDesk,
        keyring: Keyring,
        pepper: Pepper,
        guard: AddressGuard,
        *,
        allow_http: bool,
    ) -> None:
        self._desk = desk
        self._keyring = keyring
        self._pepper = pepper
        self._guard = guard
        self._allow_http = allow_http

    def check(self, config: MigrationConfig) -> None:
        """Refuse an address that can never be called; raises InvalidShape."""
        if config.webhook_url is None:
            return
        loc = ("body", "config", "webhook_url")
        found = url_problems(config.webhook_url, self._guard, allow_http=self._allow_http, loc=loc)
        if found:
            raise InvalidShape(found)

    async def create(
        self, ticket: Ticket, migration_id: str, config: MigrationConfig
    ) -> MigrationWebhook | None:
        """Let the address be told all about a migration, which is made after this.

        Nothing is made for a dry run: it is never started, so nothing ever happens to it.
        """
        if config.webhook_url is None or config.dry_run:
            return None
        org_id, webhook_id = ticket.caller.org_id, webhook_of(migration_id)
        # The same request again gets the same secret, though it is kept nowhere in clear.
        entropy = self._pepper.derive("migration-webhook", org_id, ticket.command_id)
        secret = make_secret(entropy)
        command = CreateWebhook(
            url=config.webhook_url,
            events=(f"{OF_NAMESPACES}*",),
            description=f"Given with the migration {migration_id}",
            sealed_secret=self._keyring.seal(secret, context=seal_context(org_id, webhook_id)),
            about=migration_id,
        )
        await self._desk.hand_in(own_ticket(ticket, "webhook"), webhook_id, command)
        return MigrationWebhook(id=webhook_id, secret=secret.reveal())

    async def delete(self, ticket: Ticket, migration_id: str) -> None:
        """Tell the address nothing more; it may have been taken back before."""
        try:
            await self._desk.hand_in(
                own_ticket(ticket, "webhook"), webhook_of(migration_id), DeleteWebhook()
            )
        except Rejected as refused:
            if refused.code not in _GONE:
                raise


def webhook_of(migration_id: str) -> str:
    """Give the id of a migration's webhook."""
    return ids.derived_id(ids.WEBHOOK, migration_id)
