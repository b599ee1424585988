"""SIGKILL of executors in every stage: the target is that of an uninterrupted run."""

import asyncio
import os
import time

import pytest

from sterna_cli.stack import Stack
from sterna_core.namespace_migration.progress import STAGES
from support.faults.namespaces.content import difference, read_content
from support.faults.namespaces.ledger import Entry, Ledger
from support.faults.namespaces.plan import VARIANTS, Round, rounds
from support.faults.namespaces.trial import namespace_trial

from .conftest import Undisturbed

ROUNDS = int(os.environ.get("STERNA_FAULT_ROUNDS", "30"))
SEED = int(os.environ.get("STERNA_FAULT_SEED", "1"))


@pytest.mark.parametrize("planned", rounds(SEED, ROUNDS), ids=str)
async def test_the_target_is_that_of_an_uninterrupted_run(
    stack: Stack, source: str, undisturbed: Undisturbed, ledger: Ledger, planned: Round
) -> None:
    expected = await undisturbed(planned.variant)
    began = time.monotonic()
    async with namespace_trial(stack, source, VARIANTS[planned.variant]) as found:
        async with asyncio.TaskGroup() as strikes:
            for each in planned.kills:
                strikes.create_task(found.strike(each, expected.stage_seconds))
            done = await found.over()
        entry = Entry(str(planned), found.hits(), time.monotonic() - began)
        ledger.entries.append(entry)
        assert done.status == "completed", done.error_message
        target = done.target_namespace_id
        content = await read_content(
            found.sterna, stack.embedded.database_url, target, done.migration_id
        )
        assert difference(expected.content, content) is None
        for told in ("documents_moved", "documents_set_aside"):
            assert done.additional_data[told] == expected.migration.additional_data[told]
        led = await found.sterna.namespaces.alias(found.alias)
        assert (led.namespace_id, led.previous_namespace_id) == (target, source)
        entry.identical = True


@pytest.mark.skipif(2 * len(STAGES) > ROUNDS, reason="too few runs to come upon every stage")
def test_executors_were_killed_in_every_stage(ledger: Ledger) -> None:
    if len(ledger.entries) < ROUNDS:
        pytest.skip("not every run was made")
    assert not set(STAGES) - set(ledger.hits())
