import msgspec

from sterna_api.messages.message import message_of
from sterna_core.webhook.event_name import NAMED, short_name, type_named


def _body(**data: object) -> str:
    known = {"migration_id": "mig_1", "migration_name": "Shop", "status": "failed"}
    return msgspec.json.encode({"data": {**known, **data}}).decode()


def test_a_message_says_what_happened_in_text_and_in_html():
    body = _body(code="target_conflict", message="public.orders is there", secret="not a fact")
    message = message_of("migration.failed", body, "https://sterna.example/")
    assert message.subject == "Migration failed: Shop"
    assert message.text == (
        "Migration failed: Shop\n\nMigration: Shop\nStatus: failed\nCode: target_conflict\n"
        "What happened: public.orders is there\n\nhttps://sterna.example/v1/migrations/mig_1\n"
    )
    assert "target_conflict" in message.html
    assert 'href="https://sterna.example/v1/migrations/mig_1"' in message.html


def test_a_name_cannot_add_lines_or_markup():
    name = "Shop\r\nBcc: everybody@example.com\x1b[2J<script>alert(1)</script>" + "x" * 500
    message = message_of("approval.required", _body(migration_name=name), None)
    assert "\n" not in message.subject
    assert "\r" not in message.subject
    assert "\x1b" not in message.text
    assert "<script>" not in message.html
    assert len(message.subject) < 200
    assert message.link is None
    assert "href" not in message.html


def test_every_type_has_a_short_name_of_its_own():
    names = [short_name(kind) for kind in NAMED]
    assert len(set(names)) == len(names)
    for kind in NAMED:
        assert type_named(short_name(kind)) == type_named(kind) == kind
    assert type_named("completed") == "migration.completed"
    assert type_named("approval_required") == "approval.required"
    assert type_named("migration.*") is None
    assert type_named("namespace_migration.completed") is None
