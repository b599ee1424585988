import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from sterna_api.aggregates import AGGREGATES
from sterna_api.asyncapi.document import document
from sterna_api.asyncapi.messages import messages_of
from sterna_api.asyncapi.schemas import standalone
from sterna_core.journal.local import LocalDecider
from sterna_core.journal.topics import Topics
from sterna_core.migration import commands as cmd
from sterna_core.migration import reports as rep
from sterna_core.migration.decider import MIGRATIONS
from support.asyncapi_parser import problems_of
from support.migration.executors import World, outstanding
from support.migration.scenario import MIGRATION_ID, create, post_object, summary, table

MESSAGES = messages_of(AGGREGATES)
OFFICIAL = Path(__file__).parents[2] / "contract" / "asyncapi" / "3.0.0.json"


def test_the_description_of_the_bus_is_what_asyncapi_says_it_should_be():
    schema = json.loads(OFFICIAL.read_text())

    problems = list(jsonschema.Draft7Validator(schema).iter_errors(document(MESSAGES, Topics())))

    assert problems == []


def test_the_reference_parser_of_asyncapi_finds_nothing_wrong_with_the_description():
    described = msgspec.json.encode(document(MESSAGES, Topics()))

    problems = problems_of(described)

    # 2 is a remark: that there is a newer version of AsyncAPI.
    assert [each for each in problems if each["severity"] < 2] == []


def test_the_reference_parser_finds_what_is_wrong():
    described = document(messages_of([MIGRATIONS]), Topics())
    operation = next(iter(described["operations"].values()))
    operation["channel"] = {"$ref": "#/channels/nowhere"}

    problems = problems_of(msgspec.json.encode(described))

    assert any(each["severity"] == 0 and "nowhere" in json.dumps(each) for each in problems)


def test_every_reference_in_the_description_leads_somewhere():
    described = document(MESSAGES, Topics())

    for reference in _references(described):
        place: Any = described
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


def test_the_topics_are_described_as_they_are_made():
    topics = Topics(prefix="other", partitions=3)

    channels = document(MESSAGES, topics)["channels"].values()

    assert {each["address"]: each["bindings"]["kafka"]["partitions"] for each in channels} == {
        each.name: each.partitions for each in topics.specifications()
    }


@pytest.mark.parametrize("tag", sorted(MESSAGES.all()))
def test_each_message_has_a_json_schema_that_is_one(tag: str):
    schema = json.loads(msgspec.json.encode(standalone(MESSAGES.all()[tag], tag)))

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$defs"]


def test_what_a_migration_writes_into_the_journal_is_as_described():
    seen = set()

    for record in _whole_migration().events:
        tag = dict(record.headers)["ce_type"].decode()
        if tag not in MESSAGES.events:
            continue  # the opening of a term
        seen.add(tag)
        schema = json.loads(msgspec.json.encode(standalone(MESSAGES.events[tag], tag)))
        jsonschema.Draft202012Validator(schema).validate(json.loads(record.value or b""))

    assert {"migration.created.v1", "chunk.copied.v1", "migration.completed.v1"} <= seen


def _references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [found for each in part for found in _references(each)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [found for each in part.values() for found in _references(each)]


def _whole_migration() -> LocalDecider:
    decider = LocalDecider([MIGRATIONS])
    decider.send(MIGRATION_ID, create(parallelism=2))
    (task,) = outstanding(decider, MIGRATION_ID)
    by = {"task_id": task.task_id, "attempt": task.attempt, "executor_id": "exec_1"}
    decider.send(
        MIGRATION_ID, rep.ReportTablesPlanned(**by, part=0, tables=(table("a", chunks=2),))
    )
    decider.send(
        MIGRATION_ID,
        rep.ReportPlanCompleted(
            **by, parts=1, structure_digest="d", summary=summary(1), phases=(), risks=()
        ),
    )
    decider.send(MIGRATION_ID, cmd.StartMigration())
    world = World(("public.a",), 2, (post_object("a_pkey", "index", "public.a"),))
    while tasks := outstanding(decider, MIGRATION_ID):
        for each in world.carry_out(tasks[0]):
            decider.send(MIGRATION_ID, each, actor="executor:1", expect_outcome=False)
    return decider
