"""A stack with a namespace to migrate, and what undisturbed migrations make of it."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from msgspec import Struct

from sterna_cli.client.namespace_migrations import NamespaceMigration
from sterna_cli.client.sterna import connect
from sterna_cli.embedded.supervisor import Restarts
from sterna_cli.stack import Stack
from sterna_core.namespace_migration.progress import MigrationStage
from support.faults.namespaces.content import Content, read_content
from support.faults.namespaces.ledger import Ledger
from support.faults.namespaces.plan import EXECUTORS, VARIANTS
from support.faults.namespaces.source import ASKED, RETRIEVERS, make_source
from support.faults.namespaces.trial import namespace_trial
from support.main_job import whole_stack

RESTARTS = Restarts(longest_delay_seconds=0.2)
"""They are killed too often to wait ever longer."""
_LEDGER = pytest.StashKey[Ledger]()


class Reference(Struct, frozen=True):
    """What a migration makes when nobody disturbs it, and how long each stage takes."""

    content: Content
    migration: NamespaceMigration
    stage_seconds: dict[MigrationStage, float]


Undisturbed = Callable[[str], Awaitable[Reference]]


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    async with whole_stack(EXECUTORS, RESTARTS) as running:
        yield running


@pytest.fixture(scope="session")
async def source(stack: Stack) -> AsyncIterator[str]:
    """A namespace, which at the end is what it was."""
    async with connect(stack.url, stack.key) as sterna:
        namespace_id = await make_source(sterna, "source")
        before = await read_content(sterna, stack.embedded.database_url, namespace_id)
        yield namespace_id
        assert before == await read_content(sterna, stack.embedded.database_url, namespace_id)


@pytest.fixture(scope="session")
async def undisturbed(stack: Stack, source: str, ledger: Ledger) -> Undisturbed:
    """Give what a variant makes when nobody disturbs it; each is run once."""
    known: dict[str, Reference] = {}

    async def run(variant: str) -> Reference:
        if variant not in known:
            began = time.monotonic()
            async with namespace_trial(stack, source, VARIANTS[variant]) as found:
                done = await found.over()
                assert done.status == "completed", done.error_message
                ledger.undisturbed[variant] = time.monotonic() - began
                content = await read_content(
                    found.sterna,
                    stack.embedded.database_url,
                    done.target_namespace_id,
                    done.migration_id,
                )
                histories = [place for _, place, _ in content["objects"] if place.startswith("_")]
                assert len(histories) == 2 * RETRIEVERS * ASKED
                known[variant] = Reference(content, done, found.stage_seconds())
        return known[variant]

    return run


@pytest.fixture(scope="session")
def ledger(pytestconfig: pytest.Config) -> Ledger:
    """What is written down of every run, and said at the end."""
    return pytestconfig.stash.setdefault(_LEDGER, Ledger())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    written = terminalreporter.config.stash.get(_LEDGER, Ledger())
    if written.entries:
        terminalreporter.section("executors killed while namespaces were migrated")
        for line in written.lines():
            terminalreporter.line(line)
