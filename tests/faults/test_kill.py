"""SIGKILL of each part at random moments: the migration completes by itself, exactly once."""

import os

import pytest

from sterna_cli.client.failure import ApiFailure
from sterna_cli.stack import Stack
from sterna_core.migration import events as ev
from support.faults import catalog, pgbench
from support.faults.trial import Trial, after, kill, moments, trial

ROUNDS = int(os.environ.get("STERNA_FAULT_ROUNDS", "10"))
SEED = int(os.environ.get("STERNA_FAULT_SEED", "1"))
LONGEST_SECONDS = 6.0
CUTOVER_SECONDS = 0.3
OPTIONS = {"parallelism": 4, "batch_size": 20_000}


async def holds(found: Trial, source: str) -> None:
    last = await found.over()
    assert isinstance(last, ev.MigrationCompleted), last
    assert await pgbench.contents(found.target) == await pgbench.contents(source)
    completions = found.witness.chunk_completions()
    assert set(completions.values()) == {1}
    receipts = await found.receipts()
    assert set(receipts.values()) == {1}
    assert set(receipts) == set(completions)


async def cancelled_after(found: Trial, moment: float, before: tuple[str, str]) -> None:
    """Cancel with rollback: the target is as before, or everything had arrived by then."""
    cancelled: list[bool] = []

    async def cancel() -> None:
        try:
            await found.sterna.migrations.cancel(found.migration_id, reason="trial", rollback=True)
        except ApiFailure as error:
            assert error.code == "invalid_state", "it may only be over already"
        else:
            cancelled.append(True)

    await after(moment, cancel)
    last = await found.over()
    if cancelled:
        assert isinstance(last, ev.RollbackCompleted), last
        assert await catalog.describe(found.target) == before
    else:
        assert isinstance(last, ev.MigrationCompleted), last


@pytest.mark.parametrize("moment", moments(SEED, ROUNDS, LONGEST_SECONDS))
async def test_a_killed_executor_loses_and_repeats_nothing(
    stack: Stack, source: str, target: str, moment: float
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.start()

        async def strike() -> None:
            kill(stack.executors[int(moment * 1000) % len(stack.executors)])

        await after(moment, strike)
        await holds(found, source)


@pytest.mark.parametrize("moment", moments(SEED + 1, ROUNDS, LONGEST_SECONDS))
async def test_a_killed_api_process_loses_and_repeats_nothing(
    stack: Stack, source: str, target: str, moment: float
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.start()

        async def strike() -> None:
            assert stack.api is not None
            kill(stack.api)

        await after(moment, strike)
        await holds(found, source)


@pytest.mark.parametrize("moment", moments(SEED + 2, ROUNDS, LONGEST_SECONDS))
async def test_a_killed_broker_loses_and_repeats_nothing(
    stack: Stack, source: str, target: str, moment: float
) -> None:
    async with trial(stack, source, target, **OPTIONS) as found:
        await found.start()

        async def strike() -> None:
            kill(stack.embedded.kafka)

        await after(moment, strike)
        await holds(found, source)


@pytest.mark.parametrize("moment", moments(SEED + 3, ROUNDS, LONGEST_SECONDS / 2))
async def test_a_lost_snapshot_of_a_source_in_use_ends_as_one_moment(
    stack: Stack, source: str, target: str, moment: float
) -> None:
    async with pgbench.writing(source), trial(stack, source, target, **OPTIONS) as found:
        await found.start()
        await found.witness.until(
            lambda events: any(isinstance(e, ev.SnapshotExported) for e in events), 60
        )

        async def strike() -> None:
            kill(found.holder())

        await after(moment, strike)
        last = await found.over()
    assert isinstance(last, ev.MigrationCompleted), last
    assert len(set(await pgbench.balances(target))) == 1
    rows, different = await pgbench.accounts(target)
    assert rows == different
    repaired = sum(event.rows_copied for event in found.witness.of(ev.TableRepaired))
    assert repaired < rows / 2, "only what changed is copied again"
    assert set(found.witness.chunk_completions().values()) == {1}


@pytest.mark.parametrize("moment", moments(SEED + 4, ROUNDS, LONGEST_SECONDS / 2))
async def test_cancel_with_rollback_leaves_the_target_as_it_was(
    stack: Stack, source: str, target: str, moment: float
) -> None:
    await catalog.plant(target)
    before = await catalog.describe(target)
    async with trial(stack, source, target, keep_bookkeeping=False, **OPTIONS) as found:
        await found.start()
        await cancelled_after(found, moment, before)


@pytest.mark.parametrize("moment", moments(SEED + 5, ROUNDS, CUTOVER_SECONDS))
async def test_cancel_with_rollback_at_the_cutover_undoes_all_or_is_refused(
    stack: Stack, source: str, target: str, moment: float
) -> None:
    await catalog.plant(target)
    before = await catalog.describe(target)
    async with trial(stack, source, target, keep_bookkeeping=False, **OPTIONS) as found:
        await found.start()
        await found.reached("cutover")
        await cancelled_after(found, moment, before)
