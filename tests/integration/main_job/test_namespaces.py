"""A namespace is migrated by real processes over a real log, and an executor killed on the way."""

from uuid import uuid4

import pytest

from sterna_cli.client.sterna import connect
from sterna_cli.stack import Stack
from support.faults.namespaces.content import difference, read_content
from support.faults.namespaces.plan import VARIANTS, Kill
from support.faults.namespaces.source import make_source
from support.faults.namespaces.trial import namespace_trial

pytestmark = pytest.mark.xdist_group("main_job")

DOCUMENTS = 20
KILL = Kill("batch_processing", 1.0, (0,))


async def test_a_namespace_arrives_whole_although_an_executor_is_killed(stack: Stack) -> None:
    database = stack.embedded.database_url
    async with connect(stack.url, stack.key) as sterna:
        source = await make_source(sterna, f"space_{uuid4().hex[:8]}", each=DOCUMENTS)
        before = await read_content(sterna, database, source)
    async with namespace_trial(stack, source, VARIANTS["copy_with_new_ids"]) as found:
        await found.strike(KILL, {"batch_processing": 0.1})
        done = await found.over()
        assert done.status == "completed", done.error_message
        after = await read_content(found.sterna, database, done.target_namespace_id)
        led = await found.sterna.namespaces.alias(found.alias)
    assert found.hits(), "nobody was killed"
    # What is written down of the batches is the target's own.
    for each in (before, after):
        del each["receipts"]
    assert difference(before, after) is None
    assert (led.namespace_id, led.previous_namespace_id) == (done.target_namespace_id, source)
