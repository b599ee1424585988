"""The main job, through the REST interface, on real servers and processes."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from sterna_cli.certificate.exempt import explanation_of
from sterna_cli.certificate.recount import recount
from sterna_cli.client.errors import Error, Resolving
from sterna_cli.client.failure import ApiFailure
from sterna_cli.database_url import DatabaseUrl
from sterna_cli.stack import Stack
from sterna_core.certificate.certificate import Certificate
from sterna_core.migration import events as ev
from sterna_core.migration.error_events import ErrorsAwaited
from support.faults import catalog, pgbench
from support.faults.trial import Trial, kill, trial

pytestmark = pytest.mark.xdist_group("main_job")

SECONDS = 60.0
OPTIONS = {"parallelism": 4, "batch_size": 5_000}


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def holds(found: Trial, source: str) -> None:
    last = await found.over()
    assert isinstance(last, ev.MigrationCompleted), last
    assert await pgbench.contents(found.target) == await pgbench.contents(source)
    completions = found.witness.chunk_completions()
    assert set(completions.values()) == {1}
    receipts = await found.receipts()
    assert set(receipts.values()) == {1}
    assert set(receipts) == set(completions)


async def copied(found: Trial, chunks: int) -> None:
    await found.witness.until(
        lambda events: sum(isinstance(e, ev.ChunkCopied) for e in events) >= chunks, SECONDS
    )


async def failed(found: Trial) -> ev.MigrationFailed:
    await found.witness.until(
        lambda events: any(isinstance(e, ev.MigrationFailed) for e in events), SECONDS
    )
    failure: ev.MigrationFailed = found.witness.of(ev.MigrationFailed)[-1]
    return failure


async def test_a_database_is_moved_compared_and_completed(
    stack: Stack, source: str, target: str
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.start()
        await holds(found, source)
        migration = await found.shown("completed")

    assert [phase.status for phase in migration.progress.phases] == ["completed"] * 5
    assert migration.metrics.records_processed == 100_011


async def test_an_executor_killed_half_way_loses_and_repeats_nothing(
    stack: Stack, source: str, target: str
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.start()
        await copied(found, 5)
        kill(found.holder())
        await holds(found, source)


async def test_an_api_process_killed_half_way_loses_and_repeats_nothing(
    stack: Stack, source: str, target: str
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.start()
        await copied(found, 5)
        assert stack.api is not None
        kill(stack.api)
        await holds(found, source)


async def test_a_paused_migration_goes_on_where_it_was(
    stack: Stack, source: str, target: str
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.start()
        await copied(found, 2)
        answer = await found.sterna.migrations.pause(found.migration_id, reason="a window")
        assert answer.status in {"pausing", "paused"}
        await found.witness.until(
            lambda events: any(isinstance(e, ev.MigrationPaused) for e in events), SECONDS
        )
        before = len(found.witness.of(ev.ChunkCopied))
        await found.sterna.migrations.resume(found.migration_id)
        await holds(found, source)

    assert before < 23
    assert not found.witness.of(ev.TableRepaired)


async def test_a_cancelled_migration_leaves_the_target_as_it_was_found(
    stack: Stack, source: str, target: str
) -> None:
    await catalog.plant(target)
    before = await catalog.describe(target)
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.start()
        await copied(found, 3)
        await found.sterna.migrations.cancel(found.migration_id, reason="test", rollback=True)
        last = await found.over()
        assert isinstance(last, ev.RollbackCompleted), last
        await found.shown("rolled_back")

    assert await catalog.describe(target) == before


async def test_a_rejected_mapping_keeps_the_plan_from_starting(
    stack: Stack, source: str, target: str
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.shown("approved")
        plan = await found.sterna.migrations.plan(found.migration_id)
        mapping = plan.mappings[0].id
        await found.sterna.migrations.decide_mapping(
            found.migration_id, mapping, approved=False, comment="not this one"
        )
        with pytest.raises(ApiFailure) as refused:
            await found.sterna.migrations.start(found.migration_id)
        assert (refused.value.status, refused.value.code) == (409, "approval_required")
        await found.sterna.migrations.decide_mapping(
            found.migration_id, mapping, approved=True, comment="after all"
        )
        await found.sterna.migrations.start(found.migration_id)
        await holds(found, source)


async def test_a_target_with_a_table_of_that_name_is_refused_until_it_is_gone(
    stack: Stack, source: str, target: str
) -> None:
    await run(target, "create table public.pgbench_tellers (a int)")
    async with trial(stack, source, target, **OPTIONS) as found:
        failure = await failed(found)
        assert failure.code == "target_conflict"
        assert "pgbench_tellers" in failure.message + str(failure.details)
        with pytest.raises(ApiFailure) as refused:
            await found.sterna.migrations.start(found.migration_id)
        assert refused.value.code == "plan_not_ready"

        await run(target, "drop table public.pgbench_tellers")
        await found.sterna.migrations.resume(found.migration_id)
        await found.start()
        await found.witness.until(
            lambda events: any(isinstance(e, ev.MigrationCompleted) for e in events), SECONDS
        )


async def test_a_right_lost_half_way_is_named_and_the_migration_resumes_when_it_is_back(
    stack: Stack, source: str, target: str
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.start()
        await copied(found, 2)
        await found.sterna.migrations.pause(
            found.migration_id, reason="to take a right away", immediate=True
        )
        await found.witness.until(
            lambda events: any(isinstance(e, ev.MigrationPaused) for e in events), SECONDS
        )
        trigger = (
            (
                "create function public.refuse() returns trigger language plpgsql as"
                " $$ begin raise insufficient_privilege using message = 'secret row'; end $$"
            ),
            (
                "create trigger refuse before insert on public.pgbench_accounts"
                " for each row execute function public.refuse()"
            ),
        )
        await run(target, *trigger)
        await found.sterna.migrations.resume(found.migration_id)
        failure = await failed(found)
        assert failure.code == "missing_right"
        assert "secret row" not in str(failure)
        shown = await found.shown("failed")
        assert shown.error is not None
        assert shown.error.code == "missing_right"

        await run(target, "drop function public.refuse cascade")
        await found.sterna.migrations.resume(found.migration_id)
        await found.witness.until(
            lambda events: any(isinstance(e, ev.MigrationCompleted) for e in events), SECONDS
        )
        assert await pgbench.contents(target) == await pgbench.contents(source)


WORDS = (
    "create table public.words (id int primary key, word text)",
    "insert into public.words select n, 'word ' || n from generate_series(1, 5000) as n",
    "update public.words set word = 'λόγος' where id = 4321",
)


@pytest.fixture
async def greek(stack: Stack) -> AsyncIterator[tuple[str, str]]:
    """A source with a word that its target has no letters for."""
    postgres, name = stack.embedded.postgres, uuid4().hex[:10]
    source = await postgres.create_database(f"greek_{name}")
    await run(
        postgres.url("postgres"),
        f"create database latin_{name} template template0 encoding latin1 locale 'C'",
    )
    await run(source, *WORDS)
    yield source, postgres.url(f"latin_{name}")
    await postgres.drop_database(f"greek_{name}")
    await postgres.drop_database(f"latin_{name}")


async def awaiting(found: Trial) -> Error:
    """Wait until only an error keeps the migration from its end; give that error."""
    await found.witness.until(
        lambda events: any(isinstance(e, ErrorsAwaited) for e in events), SECONDS
    )
    migration = await found.shown("paused")
    assert migration.error is not None
    assert migration.error.code == "errors_escalated"
    listed = await found.sterna.migrations.errors(found.migration_id, status="escalated")
    (error,) = listed.data
    return error


async def completed(found: Trial) -> ev.MigrationCompleted:
    await found.witness.until(
        lambda events: any(isinstance(e, ev.MigrationCompleted) for e in events), SECONDS
    )
    last: ev.MigrationCompleted = found.witness.of(ev.MigrationCompleted)[-1]
    return last


async def words_in(url: str) -> list[tuple[int, str]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("select id, word from public.words order by id")
    finally:
        await connection.close()
    return [(row["id"], row["word"]) for row in rows]


async def test_text_that_the_target_cannot_hold_waits_and_a_resume_looks_at_the_source_again(
    stack: Stack, greek: tuple[str, str]
) -> None:
    source, target = greek
    async with trial(stack, source, target, auto_approve_above=0.0) as found:
        await found.start()
        error = await awaiting(found)
        assert (error.error_class, error.sqlstate, error.rows) == ("encoding", "22P05", 1)
        assert (error.table, error.column) == ("public.words", "word")
        assert "λόγος" not in f"{error} {found.witness.events}"
        assert len(await words_in(target)) == 4_999

        await run(source, "update public.words set word = 'logos' where id = 4321")
        await found.sterna.migrations.resume(found.migration_id)
        await completed(found)
        assert await words_in(target) == await words_in(source)
        assert (await found.sterna.migrations.errors(found.migration_id)).data[0].status == (
            "resolved"
        )


async def test_a_row_that_somebody_skips_is_left_out_and_the_completed_migration_says_so(
    stack: Stack, greek: tuple[str, str]
) -> None:
    source, target = greek
    async with trial(stack, source, target, auto_approve_above=0.0) as found:
        await found.start()
        error = await awaiting(found)
        answer = await found.sterna.migrations.resolve_error(
            found.migration_id, error.id, resolution="skip", reason="nobody reads Greek"
        )
        assert answer.status == "resolved"
        last = await completed(found)
        assert (last.skipped_errors, last.skipped_rows) == (1, 1)
        migration = await found.shown("completed")
        assert migration.metrics.errors_escalated == 1
        assert [row for row in await words_in(source) if row[0] != 4321] == await words_in(target)


async def test_a_row_that_somebody_transforms_arrives_compared_and_certified_as_an_exception(
    stack: Stack, greek: tuple[str, str]
) -> None:
    source, target = greek
    statistics = {"statistical": {"enabled": True}}
    async with trial(stack, source, target, auto_approve_above=0.0, validation=statistics) as found:
        await found.start()
        error = await awaiting(found)
        wanted = Resolving(
            resolution="transform", column="word", expression="'id ' || id", reason="no Greek"
        )
        await found.sterna.migrations.resolve_error_with(found.migration_id, error.id, wanted)
        last = await completed(found)
        assert (last.rows, last.skipped_rows, last.replaced_rows) == (5_000, 0, 1)
        await found.shown("completed")
        path = f"/v1/migrations/{found.migration_id}/certificate"
        certificate = msgspec.json.decode(
            await found.sterna.session.get(path, bytes), type=Certificate
        )
    expected = [row if row[0] != 4321 else (4321, "id 4321") for row in await words_in(source)]
    assert await words_in(target) == expected
    (exempt,) = certificate.statement.exceptions
    assert exempt.reason.startswith("another value of word than on the source (transform)")
    sides = (DatabaseUrl.parse(target, "target", {}), DatabaseUrl.parse(source, "source", {}))
    (difference,) = (await recount(certificate.tables, *sides)).differences
    explained = explanation_of(difference, certificate.statement.exceptions)
    assert explained is not None
    assert (explained.rows_left_out, explained.rows_replaced) == (0, 1)


async def test_executors_killed_while_rows_are_refused_set_each_aside_once(
    stack: Stack, greek: tuple[str, str]
) -> None:
    source, target = greek
    await run(source, "update public.words set word = 'λ' || id where id % 500 = 7")
    async with trial(stack, source, target, auto_approve_above=0.0, batch_size=400) as found:
        await found.start()
        await copied(found, 2)
        for executor in stack.executors:
            kill(executor)
        await found.witness.until(
            lambda events: any(isinstance(e, ErrorsAwaited) for e in events), SECONDS
        )
        await found.shown("paused")
        listed = await found.sterna.migrations.errors(found.migration_id, status="escalated")
        assert sum(error.rows for error in listed.data) == 11
        refused = {4321, *range(7, 5_001, 500)}
        expected = [row for row in await words_in(source) if row[0] not in refused]
        assert await words_in(target) == expected
        assert set(found.witness.chunk_completions().values()) == {1}
        for error in listed.data:
            await found.sterna.migrations.resolve_error(
                found.migration_id, error.id, resolution="skip"
            )
        last = await completed(found)
        assert last.skipped_rows == 11
        assert await words_in(target) == expected


async def test_a_row_that_is_refused_arrives_when_the_target_was_put_right_and_it_is_retried(
    stack: Stack,
) -> None:
    postgres, name = stack.embedded.postgres, uuid4().hex[:10]
    source = await postgres.create_database(f"checked_{name}")
    target = await postgres.create_database(f"strict_{name}")
    await run(source, *WORDS)
    try:
        async with trial(stack, source, target, parallelism=1, batch_size=200) as found:
            await found.start()
            await copied(found, 1)
            await found.sterna.migrations.pause(found.migration_id, reason="to be strict")
            await found.shown("paused")
            await run(
                target, "alter table public.words add constraint short check (word <> 'λόγος')"
            )
            await found.sterna.migrations.resume(found.migration_id)
            error = await awaiting(found)
            assert error.error_class == "constraint"
            again = await found.sterna.migrations.retry_error(found.migration_id, error.id)
            assert again.status == "open"
            await found.witness.until(
                lambda events: sum(isinstance(e, ErrorsAwaited) for e in events) == 2, SECONDS
            )
            await run(target, "alter table public.words drop constraint short")
            await found.sterna.migrations.retry_error(found.migration_id, error.id)
            last = await completed(found)
            assert (last.rows, last.skipped_rows) == (5_000, 0)
            assert await words_in(target) == await words_in(source)
    finally:
        await postgres.drop_database(f"checked_{name}")
        await postgres.drop_database(f"strict_{name}")


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("fault", ["password", "port"])
async def test_a_database_that_cannot_be_entered_is_named_and_no_credential_is_shown(
    stack: Stack, source: str, target: str, side: str, fault: str
) -> None:
    urls = {"source": source, "target": target}
    password = "opensesame-canary"
    before, _, after = urls[side].partition("://sterna:")
    secret, _, rest = after.partition("@")
    if fault == "password":
        urls[side] = f"{before}://sterna:{password}@{rest}"
    else:
        database = rest.rpartition("/")[2]
        urls[side] = f"{before}://sterna:{secret}@127.0.0.1:1/{database}"
    async with trial(stack, urls["source"], urls["target"]) as found:
        failure = await failed(found)
        migration = await found.shown("failed")

    assert failure.code == f"{side}_unreachable"
    text = str(failure) + str(migration)
    assert password not in text
    assert secret not in text
