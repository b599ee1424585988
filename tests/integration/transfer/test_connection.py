import asyncio
from contextlib import suppress

import asyncpg
import pytest

from sterna_core.connection.endpoint import Endpoint
from sterna_core.errors import SternaError, Terminal, Transient, Unreachable
from sterna_core.secrets.secret import Secret
from sterna_executor.databases.postgresql.connection import apply_settings, close, connect
from sterna_executor.databases.postgresql.pool import ConnectionPool
from support.transfer.moving import DEADLINE_SECONDS, Moving, endpoint_of, password_of


async def refused(endpoint: Endpoint, password: str = "s3cret") -> SternaError:
    with pytest.raises(SternaError) as caught:
        await connect(
            endpoint,
            Secret(password),
            role="source",
            application_name="test",
            timeout_seconds=3.0,
        )
    assert caught.value.code == "source_unreachable"
    assert password not in f"{caught.value} {caught.value.details}"
    return caught.value


async def test_a_user_that_is_refused_is_not_tried_again(moving: Moving) -> None:
    error = await refused(endpoint_of(moving.source_url, username="nobody_by_that_name"))
    assert isinstance(error, Terminal)
    assert error.details["reason"] == "authentication_failed"


async def test_a_database_that_is_not_there_is_not_tried_again(moving: Moving) -> None:
    url = moving.source_url
    error = await refused(
        endpoint_of(url, database="no_such_database"), password_of(url).reveal() or "s3cret"
    )
    assert isinstance(error, Terminal)
    assert error.details["reason"] == "no_such_database"


async def test_a_server_that_does_not_answer_may_answer_later(moving: Moving) -> None:
    listening = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    error = await refused(endpoint_of(moving.source_url, port=port))
    assert listening.is_set()
    assert isinstance(error, Unreachable)
    assert error.details["reason"] == "timeout"
    server.close()
    closed = await refused(endpoint_of(moving.source_url, port=port))
    assert isinstance(closed, Unreachable)
    assert closed.details["reason"] == "connection_refused"


@pytest.mark.parametrize("host", ["", "/var/run/postgresql", "@abstract"])
async def test_a_host_is_never_a_socket_of_this_machine(moving: Moving, host: str) -> None:
    error = await refused(endpoint_of(moving.source_url, host=host))
    assert isinstance(error, Terminal)
    assert error.details["reason"] == "bad_host"


@pytest.mark.parametrize(
    "host", ["127.0.0.1,evil.invalid", "127.0.0.1?options=-c%20x=y", "user:pw@127.0.0.1"]
)
async def test_a_host_is_never_read_as_more_than_a_host(moving: Moving, host: str) -> None:
    error = await refused(endpoint_of(moving.source_url, host=host))
    assert isinstance(error, Unreachable)


async def test_sessions_have_the_settings_that_moving_needs(moving: Moving) -> None:
    await moving.on(
        "source",
        "alter role current_user in database "
        + str(await moving.value("source", "select quote_ident(current_database())"))
        + " set statement_timeout = '1s'",
    )
    expected = {
        "TimeZone": "UTC",
        "search_path": "pg_catalog",
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "postgres",
        "extra_float_digits": "3",
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "row_security": "off",
        "default_transaction_read_only": "on",
        "application_name": f"sterna {moving.migration_id}",
    }
    async with moving.source.session() as source:
        found = {name: await source.fetchval(f"show {name}") for name in expected}
    assert found == expected
    async with moving.target.session() as target:
        assert await target.fetchval("show synchronous_commit") == "on"
        assert await target.fetchval("show default_transaction_read_only") == "off"


async def test_a_server_ends_what_a_client_that_is_gone_had_begun(moving: Moving) -> None:
    name = f"leaves {moving.migration_id}"
    leaving = await connect(
        endpoint_of(moving.source_url),
        password_of(moving.source_url),
        role="source",
        application_name=name,
    )
    running = "from pg_stat_activity where application_name = $1 and state = 'active'"
    async with moving.gate_closed(), asyncio.timeout(DEADLINE_SECONDS):
        waiting = asyncio.create_task(leaving.execute("select pg_advisory_lock_shared(42)"))
        await moving.at_gate()
        leaving.terminate()  # as where the process was killed: no request to cancel is sent
        with pytest.raises(asyncpg.PostgresConnectionError):
            await waiting
        await moving.until("source", f"select not exists (select {running})", name)


async def test_a_setting_that_the_servers_system_refuses_is_left_out(moving: Moving) -> None:
    settings = {"lock_timeout": "7s"}
    async with moving.source.session() as source:
        await apply_settings(source, settings, {"client_connection_check_interval": "-1"})
        assert await source.fetchval("show lock_timeout") == "7s"
        assert await source.fetchval("show client_connection_check_interval") == "5s"


async def test_a_source_takes_no_writes(moving: Moving) -> None:
    async with moving.source.session() as source:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await source.execute("create table public.written ()")


async def test_a_connection_is_lent_again_without_what_was_set(moving: Moving) -> None:
    async with moving.target.session() as first:
        pid = first.get_server_pid()
        await first.execute("set work_mem = '1MB'")
        await first.execute("set timezone = 'Asia/Tokyo'")
    async with moving.target.session() as second:
        assert second.get_server_pid() == pid
        assert await second.fetchval("show work_mem") != "1MB"
        assert await second.fetchval("show timezone") == "UTC"


@pytest.mark.parametrize("how", ["exception", "transaction", "not kept", "killed"])
async def test_a_connection_that_may_be_spoilt_is_not_lent_again(moving: Moving, how: str) -> None:
    pid = 0
    with suppress(LookupError):
        async with moving.target.session(keep=how != "not kept") as first:
            pid = first.get_server_pid()
            if how == "transaction":
                await first.execute("begin")
            if how == "killed":
                await moving.ask("target", "select pg_terminate_backend($1)", pid)
            if how == "exception":
                raise LookupError
    await moving.until(
        "target", "select not exists (select from pg_stat_activity where pid = $1)", pid
    )
    async with moving.target.session() as second:
        assert second.get_server_pid() != pid


async def test_no_more_connections_are_opened_than_a_host_is_to_have(moving: Moving) -> None:
    pool = ConnectionPool(max_connections_per_host=2, wait_seconds=0.05)
    side = moving.side("target", endpoint_of(moving.target_url), pool)
    async with side.session(), side.session():
        with pytest.raises(Transient) as refused_third:
            async with side.session():
                pass
    assert refused_third.value.code == "too_many_connections"
    async with side.session():
        pass
    await pool.close()


async def test_no_more_connections_are_lent_than_the_connection_allows(moving: Moving) -> None:
    pool = ConnectionPool(max_connections_per_host=8, wait_seconds=0.05)
    bounded = endpoint_of(moving.target_url, connection_id="conn_b", max_connections=1)
    free = endpoint_of(moving.target_url, connection_id="conn_f")
    side, other = moving.side("target", bounded, pool), moving.side("target", free, pool)
    async with side.session(), other.session():
        with pytest.raises(Transient) as refused_second:
            async with side.session():
                pass
    assert refused_second.value.details == {"limit": 1}
    async with side.session():
        pass
    await pool.close()


async def test_closing_has_a_deadline(moving: Moving) -> None:
    connection = await connect(
        endpoint_of(moving.source_url),
        password_of(moving.source_url),
        role="source",
        application_name="test",
    )
    sleeping = asyncio.create_task(connection.execute("select pg_sleep(600)"))
    await moving.until(
        "source", "select exists (select from pg_stat_activity where query like '%pg_sleep(600)')"
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        await close(connection, timeout_seconds=1.0)
        with pytest.raises(asyncpg.PostgresError):
            await sleeping
    await moving.until(
        "source",
        "select not exists (select from pg_stat_activity"
        " where query = 'select pg_sleep(600)' and state = 'active')",
    )
