"""Certificates: issued when a migration completes, and checked offline."""

import pytest
from tests.support.api.client import Client
from tests.support.api.service import SIGNING_KEY, Service

from sterna_core.certificate.certificate import CertificateInvalid, verify_certificate
from sterna_core.certificate.signing import PublicKey


async def completed(client: Client) -> str:
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")
    await client.post(f"/v1/migrations/{migration_id}/start")
    await client.in_status(migration_id, "completed")
    return migration_id


async def test_the_certificate_of_a_completed_migration_verifies_with_the_key_given(
    client: Client,
):
    migration_id = await completed(client)
    key = await client.get("/v1/certificates/public-key")
    assert key.json["algorithm"] == "Ed25519"

    given = await client.get(f"/v1/migrations/{migration_id}/certificate")

    assert given.status == 200
    assert given.headers["Content-Type"].startswith("application/json")
    body = given.text.encode()
    certificate = verify_certificate(body, PublicKey.parse(key.json["public_key"]))
    assert certificate.statement.migration_id == migration_id
    assert certificate.statement.coverage.tables_compared == 2
    with pytest.raises(CertificateInvalid):
        verify_certificate(body.replace(b"public.orders", b"public.0rders"), SIGNING_KEY.public)


async def test_there_is_no_certificate_before_the_end_and_the_answer_says_why(client: Client):
    migration_id = await client.migration()
    await client.in_status(migration_id, "approved")

    refused = await client.get(f"/v1/migrations/{migration_id}/certificate")

    assert refused.status == 409
    assert refused.json["error"]["code"] == "certificate_not_issued"
    assert refused.json["error"]["details"] == {"reason": "not_completed"}


async def test_an_unknown_migration_and_one_of_another_organisation_have_no_certificate(
    client: Client, service: Service
):
    migration_id = await completed(client)
    other = await service.other_client("org_without_certificates")
    for asking, asked in ((client, f"mig_{'0' * 32}"), (other, migration_id)):
        reply = await asking.get(f"/v1/migrations/{asked}/certificate")
        assert reply.status == 404
        assert reply.json["error"]["code"] == "migration_not_found"
