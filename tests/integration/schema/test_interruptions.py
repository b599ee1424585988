"""What is left when an executor is killed after any of its statements, or works twice."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.integration.schema.migration import (
    HERE,
    WAVES,
    SchemaMigration,
    dump_text,
    fetch,
    run_sql,
)
from tests.support.tasks import granted

from sterna_core.errors import Fenced, Transient
from sterna_executor.databases.postgresql.connection import Connection

SEQUENCES = "select sequencename, last_value from pg_sequences where schemaname = 'public'"


class Killed(SchemaMigration):
    """Its connection to the target breaks after `fuse` statements, as if the executor died."""

    fuse: int | None = None

    @asynccontextmanager
    async def connected(self, role: str) -> AsyncGenerator[Connection]:
        async with super().connected(role) as connection:
            if role == "target":
                connection.add_query_logger(lambda _: self._burn(connection))
            yield connection

    def _burn(self, connection: Connection) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse == 0:
                self.fuse = None
                connection.terminate()


async def _small(url: str) -> None:
    await run_sql(url, (HERE / "small.sql").read_text())


async def _until_it_survives(
    migration: Killed, work: Callable[[], Awaitable[object]], *, each: int = 1
) -> int:
    """Kill the work after 1, 2, 3 … statements until it ends before it is killed."""
    kills = 0
    while True:
        migration.fuse = kills * each + 1
        try:
            await work()
        except Transient:
            kills += 1
            continue
        if migration.fuse is not None:
            migration.fuse = None
            return kills
        kills += 1


async def test_creation_killed_half_way_is_whole_or_not_there(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    migration = Killed(source_database, target_database)

    kills = 0
    while not await fetch(target_database, "select from pg_class where relname = 'customer'"):
        kills += 1
        migration.fuse = 2 * kills  # every second one: each attempt reads the source anew
        try:
            await migration.create()
        except Transient:
            continue
    migration.fuse = None
    first = await migration.create()
    again = await migration.create()

    assert kills > 10
    assert first == again
    assert first.created == {
        "function": 2,
        "materialized view": 1,
        "sequence": 1,
        "table": 3,
        "type": 1,
    }
    await migration.build_all(first.objects)
    assert await dump_text(target_database) == await dump_text(source_database)


async def test_objects_killed_after_any_statement_are_built_once(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    migration = Killed(source_database, target_database)
    created = await migration.create()

    kills = 0
    for item in sorted(created.objects, key=lambda each: WAVES.index(each.wave)):
        kills += await _until_it_survives(migration, lambda item=item: migration.build(item))

    repeats = await migration.build(*created.objects)
    assert kills > 5 * len(created.objects)
    assert all(built.repeated for built in repeats)
    assert await dump_text(target_database) == await dump_text(source_database)


async def test_a_cutover_killed_after_any_statement_ends_the_same(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    migration = Killed(source_database, target_database)
    created = await migration.create()
    await migration.build_all(created.objects)

    kills = await _until_it_survives(migration, migration.finish)
    kills_at_the_end = await _until_it_survives(migration, migration.remove_bookkeeping)

    assert kills > 15
    assert kills_at_the_end > 10
    assert await dump_text(target_database) == await dump_text(source_database)
    assert await fetch(target_database, SEQUENCES) == await fetch(source_database, SEQUENCES)
    assert await fetch(target_database, "select from pg_namespace where nspname = '_sterna'") == []


async def test_a_rollback_killed_after_any_statement_ends_as_it_was(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    await run_sql(target_database, "create table theirs (a integer); insert into theirs values (1)")
    before = await dump_text(target_database)
    migration = Killed(source_database, target_database)
    created = await migration.create()
    await migration.build_all(created.objects)
    await migration.raise_fence()

    kills = await _until_it_survives(migration, migration.roll_back)

    assert kills > 15
    assert await dump_text(target_database) == before
    assert await fetch(target_database, "select a from theirs") == [(1,)]
    assert await fetch(target_database, "select from pg_namespace where nspname = '_sterna'") == []


async def test_a_renaming_killed_after_any_statement_leaves_no_database_behind(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    migration = Killed(source_database, target_database, schemas=("public",), target_schema="new")

    await _until_it_survives(migration, migration.create, each=7)
    await migration.create()
    await migration.raise_fence()
    await migration.roll_back()

    left = "select datname from pg_database where datname like $1"
    assert await fetch(target_database, left, f"%{migration.migration_id}%") == []


async def test_two_executors_with_the_same_creation_make_one_schema(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    migration = SchemaMigration(source_database, target_database)

    first, second = await asyncio.gather(migration.create(), migration.create())

    assert first == second
    await migration.build_all(first.objects)
    assert await dump_text(target_database) == await dump_text(source_database)


async def test_objects_of_one_wave_can_be_built_at_the_same_time_and_twice(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()

    async def build_until_it_is(item: object) -> None:
        while True:
            try:
                await migration.build(item)
            except Transient as error:
                assert error.code == "contention"
            else:
                return

    for wave in WAVES:
        items = [item for item in created.objects if item.wave == wave]
        async with asyncio.TaskGroup() as group:
            for item in [*items, *items]:
                group.create_task(build_until_it_is(item))

    assert await dump_text(target_database) == await dump_text(source_database)


async def test_an_executor_of_an_earlier_epoch_writes_nothing(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await migration.raise_fence()
    before = await dump_text(target_database)
    migration.epoch -= 1

    for work in (
        migration.create,
        lambda: migration.build(created.objects[0]),
        migration.finish,
        migration.roll_back,
    ):
        with pytest.raises(Fenced):
            await work()

    assert await dump_text(target_database) == before


async def test_a_creation_before_which_the_fence_was_raised_writes_nothing(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    migration = SchemaMigration(source_database, target_database)
    await migration.raise_fence()
    migration.epoch -= 1

    with pytest.raises(Fenced):
        await migration.create()

    assert await fetch(target_database, "select from pg_class where relname = 'customer'") == []


async def test_a_creation_that_was_withdrawn_writes_nothing_after_the_rollback_has_finished(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    before = await dump_text(target_database)
    migration = SchemaMigration(source_database, target_database)
    await migration.create()
    await migration.raise_fence()
    await migration.roll_back()
    late = SchemaMigration(source_database, target_database)
    late.still_wanted = _withdrawn

    with pytest.raises(Fenced):
        await late.create()

    assert await dump_text(target_database) == before
    assert await fetch(target_database, "select from pg_namespace where nspname = '_sterna'") == []


async def test_a_fence_that_was_withdrawn_is_not_put_up_after_the_rollback_has_finished(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    before = await dump_text(target_database)
    migration = SchemaMigration(source_database, target_database)
    await migration.create()
    await migration.raise_fence()
    await migration.roll_back()
    migration.still_wanted = _withdrawn

    with pytest.raises(Fenced):
        await migration.raise_fence()

    assert await dump_text(target_database) == before
    migration.still_wanted = granted
    await migration.create()


async def test_a_creation_that_stands_still_is_ended_by_what_comes_after(
    source_database: str, target_database: str
) -> None:
    await _small(source_database)
    migration = SchemaMigration(source_database, target_database)
    entered, never = asyncio.Event(), asyncio.Event()

    async def stand_still() -> None:
        entered.set()
        await never.wait()

    migration.still_wanted = stand_still
    creating = asyncio.create_task(migration.create())
    await asyncio.wait_for(entered.wait(), 30)
    migration.still_wanted = granted
    try:
        await migration.raise_fence(grace_seconds=0.2)
        await migration.roll_back()
    finally:
        never.set()

    with pytest.raises(Transient):
        await creating
    assert await fetch(target_database, "select from pg_namespace where nspname = '_sterna'") == []


async def _withdrawn() -> None:
    raise Fenced("the task was withdrawn")


async def test_two_migrations_into_one_target_do_not_touch_each_other(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database,
        "create schema a; create schema b; create table a.t (a int primary key);"
        "create table b.t (a int primary key)",
    )
    first = SchemaMigration(source_database, target_database, schemas=("a",))
    second = SchemaMigration(source_database, target_database, schemas=("b",))
    await asyncio.gather(first.create(), second.create())

    await first.raise_fence()
    undone = await first.roll_back()
    finished = await second.finish()

    assert undone.removed == {"schema": 1, "table": 1}
    assert finished.receipts == 0
    left = await fetch(
        target_database, "select nspname from pg_namespace where nspname ~ '^[a-z]$'"
    )
    assert [row["nspname"] for row in left] == ["b"]
