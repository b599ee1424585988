from collections.abc import AsyncIterator
from typing import Any

import pytest
from schemathesis import GenerationMode
from tests.fuzz.amount import seed, wanted_requests
from tests.fuzz.description import describe
from tests.fuzz.things import PATIENCE_SECONDS, Things
from tests.servers import PostgresTestServer
from tests.support.api.service import Service

REQUESTS = "requests"


@pytest.fixture(scope="session")
async def service(postgres_server: PostgresTestServer) -> AsyncIterator[Service]:
    """One service for all requests of a process."""
    async with Service(
        await postgres_server.create_database(),
        command_seconds=PATIENCE_SECONDS,
        position_seconds=PATIENCE_SECONDS,
    ) as running:
        yield running


@pytest.fixture(scope="session")
async def things(service: Service) -> Things:
    return Things(service)


@pytest.fixture(scope="session")
def descriptions() -> dict[GenerationMode, Any]:
    return {mode: describe(mode) for mode in GenerationMode}


def pytest_configure() -> None:
    seed()  # is set before there are other processes, which are given it


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run in which fewer requests were sent than wanted has not shown what it should."""
    if session.exitstatus == pytest.ExitCode.OK and _sent(session.config) < wanted_requests():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if wanted_requests():
        sent = _sent(config)
        terminalreporter.write_line(f"{sent} of {wanted_requests()} requests, seed {seed()}")


def _sent(config: pytest.Config) -> int:
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None:  # a process that only works for another
        return wanted_requests()
    reports = [each for kind in reporter.stats.values() for each in kind]
    return sum(
        value
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == REQUESTS
    )
