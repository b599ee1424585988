"""The REST interface against its own description: no 5xx, and no answer that is not described."""

import asyncio
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
import requests
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth
from tests.fuzz.amount import requests_each, seed
from tests.fuzz.conftest import REQUESTS
from tests.fuzz.refusals import (
    bad_only_as_things_stand,
    known_only_where_it_was_said_to_be,
    refused_for_its_shape,
)
from tests.fuzz.things import Things
from tests.support.api.service import FIRST_KEY, Service

from sterna_api.openapi.table import OPERATIONS

_SECONDS = 30.0
_NAMES = [f"{operation.method} {operation.path}" for operation in OPERATIONS]
_HEADERS = {"Authorization": f"Bearer {FIRST_KEY.reveal()}"}
_SETTINGS = hypothesis.settings(
    max_examples=requests_each(OPERATIONS),
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=(hypothesis.Phase.generate,),
)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", _NAMES)
async def test_every_answer_is_one_that_is_described(
    service: Service,
    descriptions: dict[GenerationMode, Any],
    things: Things,
    record_property: Callable[[str, object], None],
    name: str,
    mode: GenerationMode,
):
    method, _, path = name.partition(" ")
    strategy = descriptions[mode][path][method].as_strategy(generation_mode=mode)
    loop = asyncio.get_running_loop()

    def renew() -> None:
        asyncio.run_coroutine_threadsafe(things.renew(), loop).result()

    try:
        sent = await asyncio.to_thread(_try, service.url, strategy, things, renew)
    except hypothesis.errors.Unsatisfiable:
        assert mode.is_negative  # it takes nothing that could be wrong
        sent = 0
    record_property(REQUESTS, sent)


def _try(
    url: str, strategy: st.SearchStrategy[Any], things: Things, renew: Callable[[], None]
) -> int:
    """Send what is drawn and check the answers; gives how many requests there were."""
    sent = 0
    needless: list[Any] = []

    @hypothesis.seed(seed())
    @_SETTINGS
    @hypothesis.given(case=strategy)
    def one(case: Case) -> None:
        nonlocal sent
        sent += 1
        renew()
        used = things.put_into(case)
        answer = case.call_and_validate(
            base_url=url,
            session=session,
            headers=_HEADERS,
            additional_checks=[
                refused_for_its_shape,
                bad_only_as_things_stand,
                known_only_where_it_was_said_to_be,
            ],
            excluded_checks=needless,
            timeout=_SECONDS,
        )
        if answer.status_code < requests.codes.multiple_choices:
            # Two more requests, without a key and with a wrong one, have shown that it needs one.
            needless[:] = [ignored_auth]
            if case.method != "GET":
                things.use_up(used)

    with requests.Session() as session:
        one()
    return sent
