"""Answers that are kept for repeats: the real store and its fake keep the same promises."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.servers import PostgresTestServer

from sterna_api.projections.database import Database
from sterna_api.repeats.answers import (
    Answered,
    Answers,
    Claim,
    InMemoryAnswers,
    KeyedRequest,
    KeyReused,
    UnderWay,
)
from sterna_api.repeats.postgres_answers import open_answers
from sterna_api.repeats.retention import AnswerRetention
from sterna_core.ids import command_id_for
from sterna_core.secrets.secret import Secret

_REQUEST = KeyedRequest("org_1", command_id_for("org_1", "key"), "a fingerprint")


@pytest.fixture
async def database(postgres_server: PostgresTestServer) -> Database:
    return Database(Secret(await postgres_server.create_database()), pool_size=4)


@pytest.fixture(params=["memory", "postgres"])
async def answers(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Answers]:
    if request.param == "memory":
        yield InMemoryAnswers()
        return
    async with open_answers(database) as opened:
        yield opened


async def test_of_many_that_ask_at_once_one_begins(answers: Answers):
    found = await asyncio.gather(*(answers.claim(_REQUEST) for _ in range(10)))
    assert sum(isinstance(each, Claim) for each in found) == 1
    assert sum(isinstance(each, UnderWay) for each in found) == 9


async def test_what_was_kept_is_given_to_everybody_who_asks_the_same(answers: Answers):
    claim = await answers.claim(_REQUEST)
    assert isinstance(claim, Claim)
    await answers.renew(claim)
    await answers.keep(claim, "sealed")
    assert await answers.claim(_REQUEST) == Answered("sealed")
    await answers.keep(claim, "another")
    await answers.release(claim)
    assert await answers.claim(_REQUEST) == Answered("sealed")


async def test_what_was_released_is_begun_again(answers: Answers):
    claim = await answers.claim(_REQUEST)
    assert isinstance(claim, Claim)
    await answers.release(claim)
    again = await answers.claim(_REQUEST)
    assert isinstance(again, Claim)
    # Whoever let go has nothing more to say.
    await answers.keep(claim, "late")
    assert await answers.claim(_REQUEST) == UnderWay()


async def test_another_request_with_the_same_key_is_refused_and_another_organisation_is_not(
    answers: Answers,
):
    await answers.claim(_REQUEST)
    other = KeyedRequest(_REQUEST.org_id, _REQUEST.command_id, "another fingerprint")
    with pytest.raises(KeyReused):
        await answers.claim(other)
    theirs = KeyedRequest("org_2", _REQUEST.command_id, "another fingerprint")
    assert isinstance(await answers.claim(theirs), Claim)


async def test_an_attempt_that_died_is_taken_over_when_its_lease_is_over(database: Database):
    async with open_answers(database, lease_seconds=0.0) as answers:
        dead = await answers.claim(_REQUEST)
        assert isinstance(dead, Claim)
        taken_over = await answers.claim(_REQUEST)
        assert isinstance(taken_over, Claim)
        assert taken_over != dead
        await answers.keep(dead, "late")
        await answers.keep(taken_over, "in time")
        assert await answers.claim(_REQUEST) == Answered("in time")


async def test_answers_go_after_their_time_and_what_is_under_way_does_not(database: Database):
    async with open_answers(database) as answers:
        claim = await answers.claim(_REQUEST)
        assert isinstance(claim, Claim)
        assert await AnswerRetention(answers, hours=0.0).forget() == 0
        await answers.keep(claim, "sealed")
        assert await AnswerRetention(answers, hours=1.0).forget() == 0
        assert await AnswerRetention(answers, hours=0.0).forget() == 1
        assert isinstance(await answers.claim(_REQUEST), Claim)
