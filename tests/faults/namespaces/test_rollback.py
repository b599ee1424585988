"""SIGKILL of executors while a migration is rolled back: readers are where they were before it."""

import asyncio

import pytest

from sterna_cli.client.failure import ApiFailure
from sterna_cli.stack import Stack
from sterna_core.namespace_migration import events as ev
from support.faults.namespaces.content import difference, read_content
from support.faults.namespaces.plan import VARIANTS
from support.faults.namespaces.trial import namespace_trial

WITHIN_SECONDS = 60.0


@pytest.mark.parametrize("victims", [(0,), (1,), (0, 1)], ids=str)
@pytest.mark.parametrize("after_seconds", [0.0, 0.02, 0.1, 0.3])
async def test_a_rollback_comes_to_its_end_though_executors_are_killed(
    stack: Stack, source: str, victims: tuple[int, ...], after_seconds: float
) -> None:
    database = stack.embedded.database_url
    async with namespace_trial(stack, source, VARIANTS["copy_with_new_ids"]) as found:
        before = await read_content(found.sterna, database, source)
        done = await found.over()
        assert done.status == "completed", done.error_message

        await found.roll_back()
        await asyncio.sleep(after_seconds)
        found.kill(victims)
        await found.witness.until(_is_rolled_back, WITHIN_SECONDS)

        led = await found.sterna.namespaces.alias(found.alias)
        assert led.namespace_id == source
        with pytest.raises(ApiFailure) as refused:
            await found.sterna.namespaces.get(done.target_namespace_id)
        assert refused.value.status == 404
        assert difference(before, await read_content(found.sterna, database, source)) is None


def _is_rolled_back(events: list[object]) -> bool:
    assert not any(isinstance(each, ev.RollbackFailed) for each in events), events[-1]
    return any(isinstance(each, ev.NamespaceMigrationRolledBack) for each in events)
