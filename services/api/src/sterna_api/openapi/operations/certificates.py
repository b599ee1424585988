"""Certificates of migrations."""

from sterna_api.http.certificates import PublicKeyBody
from sterna_api.http.errors import ErrorBody
from sterna_api.openapi.operation import Operation
from sterna_core.certificate.certificate import Certificate

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/migrations/{migration_id}/certificate",
        scope="validation:read",
        summary="Give the signed certificate of a completed migration",
        description=(
            "The body is the certificate byte by byte: keep it as it is. 409"
            " `certificate_not_issued` says in `details.reason` why there is none:"
            " `not_completed`, `validation_skipped`, `validation_not_passed` or `not_signed`."
        ),
        answers={200: Certificate, 409: ErrorBody},
    ),
    Operation(
        method="GET",
        path="/v1/certificates/public-key",
        scope="validation:read",
        summary="Give the Ed25519 key that certificates are checked with",
        answers={200: PublicKeyBody},
    ),
)
