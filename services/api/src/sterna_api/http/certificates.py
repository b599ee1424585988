from aiohttp import web
from msgspec import Struct

from sterna_api.http.answer import answer
from sterna_api.http.caller import caller_of
from sterna_api.http.migrations import migration_id_of
from sterna_api.http.resource_id import not_found
from sterna_api.projections.certificates import Certificates
from sterna_api.projections.migrations import KnownMigration, Migrations
from sterna_core.certificate.certificate import encode_certificate
from sterna_core.certificate.signing import PublicKey
from sterna_core.errors import NotFound, Rejected


class PublicKeyBody(Struct, frozen=True):
    """The key that certificates are checked with: 32 raw bytes in base64."""

    algorithm: str
    key_id: str
    public_key: str


class CertificateRoutes:
    """`/v1/migrations/{id}/certificate`, and the key to check it with."""

    def __init__(
        self, migrations: Migrations, certificates: Certificates, public_key: PublicKey | None
    ) -> None:
        self._migrations = migrations
        self._certificates = certificates
        self._public_key = public_key

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        one = "/v1/migrations/{migration_id}/certificate"
        return [
            web.get(one, self.show, allow_head=False),
            web.get("/v1/certificates/public-key", self.key, allow_head=False),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Give the certificate, byte by byte as it is checked."""
        org_id = caller_of(request).org_id
        known = await self._migrations.find(org_id, migration_id_of(request))
        if known is None:
            raise not_found("migration")
        issued = known.view.certificate
        if issued is None or known.view.status != "completed":
            raise _not_issued(known)
        whole = await self._certificates.find(org_id, known.migration_id, issued)
        return web.Response(
            body=encode_certificate(whole),
            content_type="application/json",
            charset="utf-8",
        )

    async def key(self, request: web.Request) -> web.Response:
        """Give the public key of the certificates that are issued here now."""
        del request
        if self._public_key is None:
            raise NotFound(
                "No certificates are issued here: STERNA_CERTIFICATE_KEY is not set.",
                code="public_key_not_found",
            )
        key = self._public_key
        return answer(PublicKeyBody("Ed25519", key.key_id, key.text))


def _not_issued(known: KnownMigration) -> Rejected:
    reason, text = known.view.why_no_certificate
    return Rejected("certificate_not_issued", text, {"reason": reason})
