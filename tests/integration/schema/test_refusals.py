"""What stands in the way is named, and nothing is left half-made."""

import os
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

import pytest
from msgspec.structs import replace
from tests.integration.schema.migration import (
    SchemaMigration,
    dump_text,
    fetch,
    login_of,
    run_sql,
)

from sterna_core.errors import (
    DataRejected,
    Misconfigured,
    MissingRight,
    SternaError,
    Terminal,
    Transient,
    Unreachable,
)
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.blueprint import Login
from sterna_executor.databases.postgresql.dump import Dumped, dump_schema, find_pg_dump


@asynccontextmanager
async def plain_role(url: str, grants: str = "") -> AsyncGenerator[str]:
    """A role without privileges but those granted; gives its url."""
    name, password = f"plain_{token_hex(6)}", token_hex(12)
    database = urlsplit(url).path.removeprefix("/")
    await run_sql(url, f"create role {name} login password '{password}'")
    try:
        if grants:
            await run_sql(url, grants.format(role=name, database=database))
        parts = urlsplit(url)
        address = f"{name}:{password}@{parts.hostname}:{parts.port}"
        yield urlunsplit(parts._replace(netloc=address))
    finally:
        await run_sql(url, f"drop owned by {name} cascade; drop role {name}")


def pretend_pg_dump(folder: Path, script: str) -> Path:
    program = folder / "pg_dump"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


async def dumped(login: Login, **options: object) -> bytes:
    return await dump_schema(login.endpoint, login.password, Dumped(), role="source", **options)


async def test_roles_without_privileges_can_migrate_what_is_theirs(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database,
        """
        create schema app;
        create type app.mood as enum ('sad');
        create table app.t (id serial primary key, m app.mood, at date) ;
        create table app.p (id integer primary key) partition by hash (id);
        create table app.p_0 partition of app.p for values with (modulus 1, remainder 0);
        create view app.v as select * from app.t;
        create function app.f() returns trigger language plpgsql as 'begin return new; end';
        create trigger x before insert on app.t for each row execute function app.f();
        create materialized view app.m as select * from app.t;
        insert into app.t default values;
        """,
    )
    reading = (
        "grant usage on schema app to {role}; grant select on all tables in schema app to {role};"
        "grant select on all sequences in schema app to {role}"
    )
    writing = "grant create on database {database} to {role}"
    async with (
        plain_role(source_database, reading) as source,
        plain_role(target_database, writing) as target,
    ):
        migration = SchemaMigration(source, target)
        created = await migration.create()
        await migration.build_all(created.objects)
        finished = await migration.finish()
        same = await dump_text(target, "--schema=app") == await dump_text(source, "--schema=app")
        await migration.raise_fence()
        undone = await migration.roll_back()

    assert same
    assert finished.sequences == 1
    assert undone.differences == ()
    assert undone.removed["table"] == 3


async def test_a_source_role_that_may_not_read_a_table_is_told_so(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create table public.open (a int); create table public.shut ()")
    async with plain_role(source_database, "grant select on public.open to {role}") as source:
        migration = SchemaMigration(source, target_database)
        with pytest.raises(MissingRight) as failure:
            await migration.create()
        without = SchemaMigration(source, target_database, exclude_tables=("shut",))
        created = await without.create()

    assert "GRANT SELECT" in failure.value.message
    assert created.created == {"table": 1}


async def test_a_target_role_that_may_not_create_is_told_what_it_may_not(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create table public.t (a int)")
    grants = "grant create on database {database} to {role}"
    async with plain_role(target_database, grants) as target:
        migration = SchemaMigration(source_database, target)
        with pytest.raises(MissingRight) as failure:
            await migration.create()

    assert "table public.t" in failure.value.message
    assert await fetch(target_database, "select from pg_namespace where nspname = '_sterna'") == []


async def test_renaming_a_schema_needs_the_right_to_create_databases(
    source_database: str, target_database: str
) -> None:
    await run_sql(source_database, "create table public.t (a int)")
    grants = "grant create on database {database} to {role}"
    async with plain_role(target_database, grants) as target:
        migration = SchemaMigration(
            source_database, target, schemas=("public",), target_schema="app"
        )
        with pytest.raises(MissingRight) as failure:
            await migration.create()

    assert "CREATEDB" in failure.value.message


async def test_a_policy_for_a_role_that_the_target_lacks_is_named(
    source_database: str, target_database: str
) -> None:
    async with plain_role(source_database) as role_url:
        role = urlsplit(role_url).username
        await run_sql(
            source_database,
            f"create table public.t (a int); create policy p on public.t to {role} using (true)",
        )
        migration = SchemaMigration(source_database, target_database)
        created = await migration.create()
        await run_sql(source_database, "drop table public.t")
    with pytest.raises(Terminal) as failure:
        await migration.build_all(created.objects)

    assert failure.value.code == "schema_not_created"
    assert "policy public.t p" in failure.value.message


@pytest.mark.parametrize(
    ("table", "rows", "named"),
    [
        ("create table t (a int primary key)", "values (1), (1)", "constraint public.t t_pkey"),
        ("create table t (a int unique)", "values (1), (1)", "constraint public.t t_a_key"),
        (
            "create table t (a int); create unique index only_one on t (a)",
            "values (1), (1)",
            "index public.only_one",
        ),
        (
            """create table t (a int); create table k (a int primary key);
            alter table t add constraint known foreign key (a) references k""",
            "values (1)",
            "fk constraint public.t known",
        ),
        (
            """create extension btree_gist; create table t (a int,
            constraint lonely exclude using gist (a with =))""",
            "values (1), (1)",
            "constraint public.t lonely",
        ),
    ],
)
async def test_rows_that_break_a_constraint_are_a_data_error_that_names_it(
    source_database: str, target_database: str, table: str, rows: str, named: str
) -> None:
    await run_sql(source_database, table)
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await run_sql(target_database, f"insert into public.t {rows}")

    with pytest.raises(DataRejected) as failure:
        await migration.build_all(created.objects)

    assert named in failure.value.message
    assert failure.value.details["object"] == named


async def test_a_foreign_key_that_was_not_validated_stays_so(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database,
        "create table k (a int primary key); create table t (a int);"
        "alter table t add constraint known foreign key (a) references k not valid",
    )
    migration = SchemaMigration(source_database, target_database)
    created = await migration.create()
    await run_sql(target_database, "insert into public.t values (1)")

    await migration.build_all(created.objects)

    valid = "select convalidated from pg_constraint where conname = 'known'"
    assert await fetch(target_database, valid) == [(False,)]


async def test_a_materialised_view_that_cannot_be_filled_is_named(
    source_database: str, target_database: str
) -> None:
    await run_sql(
        source_database,
        "create table t (a int); create materialized view m as select 1 / a as b from t",
    )
    migration = SchemaMigration(source_database, target_database)
    await migration.create()
    await run_sql(target_database, "insert into public.t values (0)")

    with pytest.raises(DataRejected) as failure:
        await migration.finish()

    assert "public.m" in failure.value.message


async def test_a_table_that_stays_locked_is_tried_again_later(
    source_database: str, target_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run_sql(source_database, "create table public.t (a int)")
    monkeypatch.setattr("sterna_executor.databases.postgresql.dump.LOCK_WAIT_SECONDS", 0.05)
    holder = SchemaMigration(target_database, source_database)
    async with holder.connected("target") as other, other.transaction():
        await other.execute("lock table public.t in access exclusive mode")
        with pytest.raises(Transient) as failure:
            await dumped(login_of(source_database))

    assert failure.value.code == "locked"


async def test_a_wrong_password_or_place_is_unreachable_and_says_no_secret(
    source_database: str,
) -> None:
    login = login_of(source_database)
    nowhere = replace(login, endpoint=replace(login.endpoint, database="no such database"))

    with pytest.raises(Unreachable) as failure:
        await dumped(nowhere)

    assert failure.value.code == "source_unreachable"
    assert "no such database" not in failure.value.message


async def test_the_password_is_not_among_the_arguments(
    source_database: str, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    folder = pretend_pg_dump(tmp_path, f'echo "$0 $@" > {told}; exit 3')
    login = Login(endpoint=login_of(source_database).endpoint, password=Secret("hunter2-canary"))

    with pytest.raises(Terminal):
        await dumped(login, pg_bin_dir=folder)

    assert "--schema-only" in told.read_text()
    assert "hunter2-canary" not in told.read_text()


async def test_a_pg_dump_that_hangs_is_ended(source_database: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    folder = pretend_pg_dump(tmp_path, f"echo $$ > {pid_file}; exec tail -f /dev/null")

    with pytest.raises(Transient) as failure:
        await dumped(login_of(source_database), pg_bin_dir=folder, deadline_seconds=0.5)

    assert failure.value.code == "schema_dump_slow"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("aborting because of server version mismatch", Misconfigured, "misconfigured"),
        ('ERROR:  permission denied for table "t"', MissingRight, "missing_right"),
        ("invalid snapshot identifier: x", SternaError, "snapshot_lost"),
        ("no matching schemas were found for pattern", SternaError, "structure_changed"),
        ("terminating connection due to administrator", Unreachable, "source_unreachable"),
        ("something else", Terminal, "schema_dump_failed"),
    ],
)
async def test_what_pg_dump_says_is_not_passed_on(
    source_database: str, tmp_path: Path, said: str, kind: type[SternaError], code: str
) -> None:
    folder = pretend_pg_dump(tmp_path, f"echo 'pg_dump: error: canary {said}' >&2; exit 1")

    with pytest.raises(kind) as failure:
        await dumped(login_of(source_database), pg_bin_dir=folder)

    assert failure.value.code == code
    assert "canary" not in f"{failure.value.message} {failure.value.details}"


def test_a_folder_without_pg_dump_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        find_pg_dump(tmp_path)
