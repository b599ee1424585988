"""What was reviewed is what is carried out, on real databases."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest

from sterna_cli.stack import Stack
from support.api.client import Client
from support.faults.trial import Trial, trial

pytestmark = pytest.mark.xdist_group("main_job")

COLUMNS_MAX = 1_600
ROWS = 2_000


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def value(url: str, question: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.fixture
async def people(stack: Stack) -> AsyncIterator[str]:
    """A source of our own, which the tests may change."""
    name = f"people_{uuid4().hex[:12]}"
    url = await stack.embedded.postgres.create_database(name)
    await run(
        url,
        "create table person (id int primary key, name text not null, price numeric(10, 2),"
        " note varchar(12))",
        f"insert into person select n, '  name ' || n, n / 7.0, 'note ' || n"
        f" from generate_series(1, {ROWS}) n",
        "analyze person",
    )
    yield url
    await stack.embedded.postgres.drop_database(name)


class Person:
    """The interface, for one migration."""

    def __init__(self, client: Client, found: Trial) -> None:
        self.client = client
        self.path = f"/v1/migrations/{found.migration_id}"

    async def mapping(self, column: str) -> str:
        page = (await self.client.get(f"{self.path}/mappings?limit=100")).json["data"]
        return next(each["id"] for each in page if each["source"]["column"] == column)

    async def override(self, column: str, expression: str) -> Any:
        path = f"{self.path}/mappings/{await self.mapping(column)}"
        answer = await self.client.send("PATCH", path, {"override_transformation": expression})
        assert answer.status == 200, answer.text
        return answer.json


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, stack.url, stack.key.reveal())


async def test_transformations_of_people_are_copied_and_compared(
    stack: Stack, people: str, target: str, client: Client
) -> None:
    async with trial(stack, people, target) as found:
        await found.shown("approved")
        person = Person(client, found)
        name = await person.override("name", "upper(trim(name))")
        assert (name["status"], name["trial"]["rows"]) == ("approved", ROWS)
        price = await person.override("price", "id * 2")
        assert price["transformation"] == 'CAST((id * 2) AS pg_catalog."numeric")'
        note = await person.override("note", "note || ' and much more'")
        assert note["status"] == "pending"
        assert note["trial"]["code"] == "values_do_not_fit"
        assert "and much more" not in str(note["trial"]["reason"])
        accepted = await person.override("note", "left(reverse(note), 12)")
        assert accepted["status"] == "approved"
        started = await client.post(f"{person.path}/start")
        assert started.status == 200, started.text
        await found.over()
        await found.shown("completed")
    whole = "select md5(string_agg(concat_ws('|', id, %s), ',' order by id)) from person"
    ours = "upper(trim(name)), (id * 2)::numeric(10, 2), left(reverse(note), 12)"
    assert await value(target, whole % "name, price, note") == await value(people, whole % ours)
    assert await value(people, "select name from person where id = 1") == "  name 1"


async def test_a_source_that_has_changed_since_the_approval_is_not_migrated(
    stack: Stack, people: str, target: str, client: Client
) -> None:
    async with trial(stack, people, target) as found:
        await found.shown("approved")
        path = Person(client, found).path
        await run(
            people,
            "alter table person add late text, drop note, alter price type numeric(12, 3)",
            "create table extra (n int)",
        )
        refused = await client.post(f"{path}/start")
        assert refused.status == 409, refused.text
        assert refused.json["error"]["code"] == "plan_not_ready"
        differences = refused.json["error"]["details"]["differences"]
        assert {each["kind"] for each in differences} == {
            "column_added",
            "column_dropped",
            "column_changed",
            "table_added",
        }
        assert (
            await value(target, "select count(*) from pg_namespace where nspname = '_sterna'") == 0
        )
        assert (await client.post(f"{path}/resume")).status == 200
        await found.shown("approved")
        assert (await client.post(f"{path}/start")).status == 200
        await found.over()
        await found.shown("completed")
    assert await value(target, "select count(late) from person") == 0


async def test_a_dry_run_writes_nothing(
    stack: Stack, people: str, target: str, client: Client
) -> None:
    async with trial(stack, people, target) as found:
        await found.shown("approved")
        person = Person(client, found)
        await person.override("name", "upper(name)")
        answer = await client.post(f"{person.path}/start", {"dry_run": True})
        assert answer.status == 200, answer.text
        assert answer.json["status"] == "approved"
        report = answer.json["dry_run"]["report"]
        assert (report["tables"], report["columns"], report["estimated_records"]) == (1, 4, ROWS)
        assert report["problems"] == []
        (transformed,) = report["transformations"]
        assert (transformed["column"], transformed["rows"], transformed["failed"]) == (
            "name",
            ROWS,
            0,
        )
        nothing = "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
        assert await value(target, nothing) == 0
        await run(target, "create table person (id int)")
        again = await client.post(f"{person.path}/start", {"dry_run": True})
        assert "person" in again.json["dry_run"]["report"]["problems"][0]
        assert (await client.get(person.path)).json["status"] == "approved"


async def test_a_table_of_as_many_columns_as_there_can_be_is_planned_and_moved(
    stack: Stack, people: str, target: str, client: Client
) -> None:
    names = [f"a_column_with_a_rather_long_name_{number}" for number in range(COLUMNS_MAX)]
    await run(
        people,
        f"create table wide ({', '.join(f'{name} smallint' for name in names)})",
        f"insert into wide select {', '.join(f'n + {number}' for number in range(COLUMNS_MAX))}"
        " from generate_series(1, 20) n",
    )
    async with trial(stack, people, target) as found:
        await found.shown("approved")
        listed = await client.get(f"{Person(client, found).path}/mappings?table=public.wide")
        assert listed.json["pagination"]["total"] == COLUMNS_MAX
        assert (await client.post(f"{Person(client, found).path}/start")).status == 200
        await found.over()
        await found.shown("completed")
    assert await value(target, f"select sum({names[-1]}) from wide") == sum(
        number + COLUMNS_MAX - 1 for number in range(1, 21)
    )
