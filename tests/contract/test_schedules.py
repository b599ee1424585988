"""`/v1/migrations/{id}/schedule`, schedules at creation, and the calendar."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.support.api.client import Client
from tests.support.api.service import Service

from sterna_core.migration.schedule_commands import SetSchedule
from sterna_core.schedule.schedule import Awaited, Schedule

NIGHT = {
    "name": "night",
    "days": ["saturday", "sun"],
    "start_time": "22:00",
    "end_time": "04:00",
    "timezone": "America/New_York",
}
WHOLE = {
    "start_at": "2090-02-15T02:00:00Z",
    "windows": [NIGHT],
    "outside_window": "continue",
    "window_ending_warning": "30m",
    "pause_lead": "2m",
    "recurring": {
        "cron": "0 2 * * 6",
        "timezone": "Europe/Berlin",
        "skip_if_running": False,
        "max_duration": "4h",
    },
}


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def scheduled(client: Client, schedule: Any) -> str:
    migration_id = await client.migration()
    reply = await client.post(f"/v1/migrations/{migration_id}/schedule", schedule)
    assert reply.status == 201, reply.text
    return migration_id


async def test_a_migration_is_created_with_the_schedule_of_the_first_example(client: Client):
    migration_id = await client.migration(
        schedule={
            "start_at": "2090-02-15T02:00:00Z",
            "maintenance_window": {
                "start": "02:00",
                "end": "06:00",
                "timezone": "America/New_York",
            },
        }
    )
    await client.in_status(migration_id, "approved")
    shown = (await client.get(f"/v1/migrations/{migration_id}/schedule")).json
    assert shown["start_at"] == "2090-02-15T02:00:00Z"
    assert shown["next_start_at"] == "2090-02-15T07:00:00Z"
    assert shown["windows"] == [
        {
            "name": "maintenance",
            "days": [],
            "start_time": "02:00",
            "end_time": "06:00",
            "timezone": "America/New_York",
        }
    ]
    assert shown["outside_window"] == "pause"
    one = (await client.get(f"/v1/migrations/{migration_id}")).json
    assert one["schedule"]["start_at"] == shown["start_at"]


async def test_a_schedule_is_shown_as_it_was_set(client: Client):
    migration_id = await scheduled(client, WHOLE)
    shown = (await client.get(f"/v1/migrations/{migration_id}/schedule")).json
    assert shown["windows"][0] == {**NIGHT, "days": ["sat", "sun"]}
    assert shown["window_ending_warning"] == "30m"
    assert shown["pause_lead"] == "2m"
    assert shown["recurring"]["cron"] == "0 2 * * 6"
    assert shown["recurring"]["max_duration"] == "4h"
    assert shown["recurring"]["next_at"] == "2090-02-18T01:00:00Z"
    assert shown["next_start_at"] is None  # a pattern does not start by itself


async def test_a_part_of_a_schedule_is_changed_and_the_rest_stays(client: Client):
    migration_id = await scheduled(client, WHOLE)
    path = f"/v1/migrations/{migration_id}/schedule"
    reply = await client.send("PATCH", path, {"outside_window": "fail", "recurring": None})
    assert reply.status == 200
    assert reply.json["outside_window"] == "fail"
    assert reply.json["recurring"] is None
    assert reply.json["window_ending_warning"] == "30m"
    assert (await client.get(path)).json == reply.json


async def test_a_schedule_is_removed_once(client: Client):
    migration_id = await scheduled(client, WHOLE)
    path = f"/v1/migrations/{migration_id}/schedule"
    removed = await client.delete(path)
    assert removed.status == 200
    assert removed.json == {"id": migration_id, "deleted": True}
    gone = await client.get(f"{path}?min_position={removed.position}")
    assert (gone.status, gone.json["error"]["code"]) == (404, "schedule_not_found")
    again = await client.delete(path)
    assert (again.status, again.json["error"]["code"]) == (404, "schedule_not_found")
    changed = await client.send("PATCH", path, {"start_at": None})
    assert changed.status == 404


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
async def test_there_is_no_schedule_of_a_migration_that_there_is_not(client: Client, method: str):
    body = {} if method in {"POST", "PATCH"} else None
    for migration_id in (f"mig_{uuid4().hex}", "nothing"):
        reply = await client.send(method, f"/v1/migrations/{migration_id}/schedule", body)
        assert (reply.status, reply.json["error"]["code"]) == (404, "migration_not_found")


WRONG: list[tuple[dict[str, Any], list[str | int], str]] = [
    ({"start_at": "2026-02-15T02:00:00"}, ["start_at"], "timezone_aware"),
    ({"start_at": "9999-12-31T23:59:59Z"}, ["start_at"], "moment_out_of_range"),
    ({"windows": [{**NIGHT, "timezone": "Mars/Olympus"}]}, ["windows", 0, "timezone"], "timezone_unknown"),
    ({"windows": [{**NIGHT, "timezone": "../etc"}]}, ["windows", 0, "timezone"], "timezone_unknown"),
    ({"windows": [{**NIGHT, "name": "maintenance", "days": [], "timezone": "x"}]}, ["windows", 0, "timezone"], "timezone_unknown"),
    ({"windows": [{**NIGHT, "start_time": "24:00"}]}, ["windows", 0, "start_time"], "string_pattern_mismatch"),
    ({"windows": [{**NIGHT, "end_time": "22:01"}]}, ["windows", 0, "end_time"], "window_too_short"),
    ({"windows": [{**NIGHT, "days": ["someday"]}]}, ["windows", 0, "days", 0], "literal_error"),
    ({"window_ending_warning": "soon"}, ["window_ending_warning"], "string_pattern_mismatch"),
    ({"window_ending_warning": "9d"}, ["window_ending_warning"], "duration_out_of_range"),
    ({"pause_lead": "2h"}, ["pause_lead"], "duration_out_of_range"),
    ({"outside_window": "stop"}, ["outside_window"], "literal_error"),
    ({"wait_for": [{"migration_id": "x", "condition": "completed"}]}, ["wait_for", 0, "migration_id"], "migration_unknown"),
    ({"wait_for": [{"migration_id": f"mig_{'0' * 32}"}]}, ["wait_for"], "migration_unknown"),
    ({"exclude_concurrent": ["x"]}, ["exclude_concurrent", 0], "migration_unknown"),
    ({"exclude_concurrent": [f"mig_{'0' * 32}"]}, ["exclude_concurrent"], "migration_unknown"),
    ({"recurring": {"cron": "often"}}, ["recurring", "cron"], "cron_invalid"),
    ({"recurring": {"cron": "* * * * * *"}}, ["recurring", "cron"], "cron_invalid"),
    ({"recurring": {"cron": "0 0 30 2 *"}}, ["recurring", "cron"], "cron_invalid"),
    ({"recurring": {"cron": "0 2 * * *", "max_duration": "5s"}}, ["recurring", "max_duration"], "duration_out_of_range"),
    ({"sometimes": True}, ["sometimes"], "extra_forbidden"),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "loc", "kind"), WRONG, ids=[case[2] for case in WRONG])
async def test_a_schedule_that_cannot_be_is_refused_with_its_place(
    client: Client, schedule: dict[str, Any], loc: list[str | int], kind: str
):
    migration_id = await client.migration()
    path = f"/v1/migrations/{migration_id}/schedule"
    for method in ("POST", "PATCH"):
        reply = await client.send(method, path, schedule)
        assert reply.status == 422, reply.text
        assert [(p["loc"], p["type"]) for p in reply.json["detail"]] == [(["body", *loc], kind)]
    created = await client.post(
        "/v1/migrations",
        {
            "name": "x",
            "source": {"connection_id": await client.connection()},
            "target": {"connection_id": await client.connection("new")},
            "schedule": schedule,
        },
    )
    assert created.status == 422
    assert created.json["detail"][0]["loc"] == ["body", "schedule", *loc]


async def test_a_migration_cannot_wait_for_itself(client: Client):
    migration_id = await client.migration()
    path = f"/v1/migrations/{migration_id}/schedule"
    reply = await client.post(path, {"exclude_concurrent": [migration_id]})
    assert (reply.status, reply.json["error"]["code"]) == (409, "waits_for_itself")


async def test_migrations_that_would_wait_for_each_other_are_refused_and_named(client: Client):
    first, second, third = [await client.migration() for _ in range(3)]
    for one, other in ((first, second), (second, third)):
        path = f"/v1/migrations/{one}/schedule"
        reply = await client.post(path, {"wait_for": [{"migration_id": other}]})
        assert reply.status == 201, reply.text
        assert reply.json["circle"] == []
    path = f"/v1/migrations/{third}/schedule"
    body = {"wait_for": [{"migration_id": first}]}
    closing = await client.post(path, body)
    assert (closing.status, closing.json["error"]["code"]) == (409, "waits_for_itself")
    assert closing.json["error"]["details"]["circle"] == [third, first, second]
    assert (await client.post(path, {"start_at": soon(3600)})).status == 201
    changed = await client.send("PATCH", path, body)
    assert (changed.status, changed.json["error"]["code"]) == (409, "waits_for_itself")


async def test_of_those_who_close_a_circle_at_once_one_at_least_is_refused(client: Client):
    ids = [await client.migration() for _ in range(4)]
    replies = await asyncio.gather(
        *(
            client.post(f"/v1/migrations/{one}/schedule", {"wait_for": [{"migration_id": other}]})
            for one, other in zip(ids, (*ids[1:], ids[0]), strict=True)
        )
    )
    statuses = sorted(reply.status for reply in replies)
    assert statuses == [201, 201, 201, 409]


async def test_a_circle_that_was_closed_all_the_same_is_shown_and_logged(
    client: Client, service: Service
):
    one, other = [await client.migration() for _ in range(2)]
    for migration_id, awaited in ((one, other), (other, one)):
        # As if each had been asked for before the other was known.
        schedule = Schedule(wait_for=(Awaited(migration_id=awaited, condition="completed"),))
        await service.client_of_journal.send(
            migration_id,
            "org_default",
            SetSchedule(schedule=schedule),
            command_id=str(uuid4()),
            actor="test",
            now=datetime.now(UTC),
            deadline_seconds=5.0,
        )
    shown = await client.until(f"/v1/migrations/{one}/schedule", lambda body: bool(body["circle"]))
    assert shown["circle"] == [one, other]
    lines = (await client.get(f"/v1/migrations/{one}/logs?level=warning")).json["data"]
    assert [line["code"] for line in lines] == ["waits_for_itself"]
    await client.delete(f"/v1/migrations/{other}/schedule")
    await client.until(f"/v1/migrations/{one}/schedule", lambda body: not body["circle"])


async def test_a_repeat_of_setting_a_schedule_gets_the_first_answer(client: Client):
    migration_id = await client.migration()
    path, key = f"/v1/migrations/{migration_id}/schedule", uuid4().hex
    first = await client.post(path, {"start_at": "2090-01-01T00:00:00Z"}, key=key)
    second = await client.post(path, {"start_at": "2090-01-01T00:00:00Z"}, key=key)
    assert (first.status, second.status) == (201, 201)
    assert first.json["start_at"] == second.json["start_at"]
    other = await client.post(path, {}, key=key)
    assert other.status == 422


async def test_an_approved_migration_starts_by_itself(client: Client):
    migration_id = await scheduled(client, {"start_at": soon(-1)})
    await client.in_status(migration_id, "completed")


async def test_a_migration_that_has_ended_takes_no_schedule_but_a_recurrence(client: Client):
    migration_id = await scheduled(client, {"start_at": soon(-1)})
    await client.in_status(migration_id, "completed")
    path = f"/v1/migrations/{migration_id}/schedule"
    refused = await client.post(path, {"start_at": soon(60)})
    assert (refused.status, refused.json["error"]["code"]) == (409, "invalid_state")
    assert (await client.post(path, {"recurring": {"cron": "0 2 * * *"}})).status == 201


async def test_a_migration_waits_for_another_across_partitions(client: Client):
    first = await client.migration()
    await client.in_status(first, "approved")
    second = await scheduled(client, {"wait_for": [{"migration_id": first}]})
    await client.in_status(second, "approved")
    shown = (await client.get(f"/v1/migrations/{second}/schedule")).json
    assert shown["wait_for"] == [{"migration_id": first, "condition": "completed", "met": False}]
    assert shown["waits_for_others"]
    assert (await client.post(f"/v1/migrations/{first}/start")).status == 200
    await client.in_status(second, "completed")
    shown = (await client.get(f"/v1/migrations/{second}/schedule")).json
    assert shown["wait_for"][0]["met"]


async def test_a_migration_of_another_organisation_cannot_be_waited_for(
    client: Client, service: Service
):
    theirs = await (await service.other_client(f"org_{uuid4().hex}")).migration()
    migration_id = await client.migration()
    path = f"/v1/migrations/{migration_id}/schedule"
    reply = await client.post(path, {"wait_for": [{"migration_id": theirs}]})
    assert reply.status == 422


def unfolded(text: str) -> list[str]:
    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return text.replace("\r\n ", "").split("\r\n")


async def test_the_calendar_shows_starts_windows_and_recurrences(service: Service):
    client = await service.other_client(f"org_{uuid4().hex}")
    name = "Umzug; nach München, und " + "é" * 60
    begins = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    window = {"name": "all days", "start_time": "01:00", "end_time": "04:00", "timezone": "UTC"}
    await client.migration(
        name=name, schedule={"start_at": begins.isoformat(), "windows": [window]}
    )
    await client.migration(name="again", schedule={"recurring": {"cron": "0 2 * * *"}})
    reply = None
    for _ in range(200):
        reply = await client.get("/v1/calendar/migrations.ics")
        if "again" in reply.text and "München" in reply.text.replace("\r\n ", ""):
            break
    assert reply is not None
    assert reply.headers["Content-Type"].startswith("text/calendar")
    lines = unfolded(reply.text)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert f"DTSTART:{begins:%Y%m%dT%H%M%SZ}" in lines
    assert "SUMMARY:Migration starts: " + name.replace(";", "\\;").replace(",", "\\,") in lines
    assert sum(line == "SUMMARY:Migration recurs: again" for line in lines) in {30, 31}
    assert sum(line.startswith("DTEND:") for line in lines) in {38, 39}
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(set(uids)) == len(uids)
    again = await client.get("/v1/calendar/migrations.ics")
    assert [line for line in unfolded(again.text) if line.startswith("UID:")] == uids


async def test_the_calendar_of_another_organisation_is_empty(service: Service):
    client = await service.other_client(f"org_{uuid4().hex}")
    assert "VEVENT" not in (await client.get("/v1/calendar/migrations.ics")).text


async def test_a_rebuild_shows_the_same_schedule(client: Client, service: Service):
    migration_id = await scheduled(client, WHOLE)
    path = f"/v1/migrations/{migration_id}/schedule"
    before = (await client.get(path)).json
    await service.rebuild()
    after = (await client.get(path)).json
    moving = {"in_window", "window_opens_at", "window_closes_at"}
    assert {k: v for k, v in after.items() if k not in moving} == {
        k: v for k, v in before.items() if k not in moving
    }
