"""An embedding service that is slow, full, wrong or away."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.support.embedding_service import (
    DIMENSION,
    EmbeddingServer,
    embedding_server,
    embeddings,
    refusal,
    vector_of,
)

from sterna_core.errors import Misconfigured, RateLimited, SternaError, Unreachable
from sterna_core.extractors.extractor import estimated_tokens
from sterna_core.extractors.openai_compatible.answer import WrongAnswer
from sterna_core.extractors.openai_compatible.batches import batches
from sterna_core.extractors.openai_compatible.extractor import OpenaiCompatible
from sterna_core.extractors.openai_compatible.model import Model, read_model
from sterna_core.extractors.openai_compatible.patience import Patience, read_retry_after
from sterna_core.extractors.openai_compatible.service import EmbeddingService
from sterna_core.extractors.parameters import WrongParameters
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.extractors.service_access import ServiceAccess, read_prices
from sterna_core.namespace_store.feature import MOST_DIMENSIONS
from sterna_core.secrets.secret import Secret

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_MODEL = Model("of-a-test", DIMENSION, asks_for_dimension=False)


class Asking:
    """An extractor on a server, and how long it has waited between requests."""

    def __init__(self, server: EmbeddingServer, model: Model = _MODEL, **changes: float) -> None:
        self.server = server
        self.pauses: list[float] = []
        patience = Patience(sleep=self._sleep, clock=lambda: _NOW, chance=lambda: 1.0)
        access = ServiceAccess(server.url + "/v1/", Secret("canary-key"))
        service = EmbeddingService(access, model, patience, **changes)
        self.extractor = OpenaiCompatible(model, service, 0.02)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def embed(self, texts: Sequence[str]) -> list[object]:
        return list(await self.extractor.embed(texts))


@pytest.fixture
async def server() -> AsyncIterator[EmbeddingServer]:
    async with embedding_server() as running:
        yield running


@pytest.fixture
def asking(server: EmbeddingServer) -> Asking:
    return Asking(server)


async def test_many_texts_go_in_few_requests_with_the_key_and_the_model(asking: Asking):
    texts = [f"text {number}" for number in range(300)]
    made = await asking.embed(texts)
    assert [len(each["input"]) for each in asking.server.asked] == [128, 128, 44]
    assert {each["model"] for each in asking.server.asked} == {"of-a-test"}
    assert set(asking.server.keys) == {"Bearer canary-key"}
    expected = np.array(vector_of("text 299"), dtype=np.float32)
    assert np.allclose(made[-1], expected / np.linalg.norm(expected), atol=1e-6)


async def test_it_waits_as_long_as_the_service_says(asking: Asking):
    later = format_datetime(_NOW + timedelta(seconds=9), usegmt=True)
    asking.server.next = [refusal(429, Retry_After="3"), refusal(503, Retry_After=later)]
    assert len(await asking.embed(["text"])) == 1
    assert asking.pauses == [3.0, 9.0]


async def test_without_a_word_it_waits_ever_longer_and_not_for_ever(asking: Asking):
    asking.server.always = refusal(429)
    with pytest.raises(RateLimited) as refused:
        await asking.embed(["text"])
    assert asking.pauses == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert len(asking.server.asked) == 6
    assert refused.value.retry_after_seconds == 16


async def test_a_pause_that_is_too_long_is_left_to_whoever_gave_the_work(asking: Asking):
    asking.server.always = refusal(429, Retry_After="3600")
    with pytest.raises(RateLimited) as refused:
        await asking.embed(["text"])
    assert refused.value.retry_after_seconds == 3600
    assert asking.pauses == []


async def test_a_service_that_fails_or_is_away_is_tried_again_later(asking: Asking):
    asking.server.next = [refusal(500), refusal(502)]
    assert len(await asking.embed(["text"])) == 1
    asking.server.always = refusal(500)
    with pytest.raises(Unreachable):
        await asking.embed(["text"])
    gone = EmbeddingServer()
    gone.url = "http://127.0.0.1:1"
    with pytest.raises(Unreachable):
        await Asking(gone).embed(["text"])


async def test_an_answer_that_does_not_come_is_given_up_at_its_deadline(server: EmbeddingServer):
    app = Asking(server, request_seconds=0.05)
    app.server.always = lambda _: web.Response(
        status=200, body=b"{", headers={"Content-Length": "1000"}
    )
    with pytest.raises(Unreachable):
        await app.embed(["text"])
    assert len(app.pauses) == 5


@pytest.mark.parametrize(
    ("status", "setting"), [(401, "KEY"), (403, "KEY"), (404, "URL"), (302, "URL")]
)
async def test_what_has_to_be_changed_is_said_and_not_tried_again(
    asking: Asking, status: int, setting: str
):
    asking.server.always = refusal(status, Location="/elsewhere")
    with pytest.raises(Misconfigured, match=setting):
        await asking.embed(["text"])
    assert len(asking.server.asked) == 1


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/", "http://"])
async def test_an_address_that_is_none_is_named_and_not_tried_again(url: str):
    server = EmbeddingServer()
    server.url = url
    asking = Asking(server)
    with pytest.raises(Misconfigured, match="URL"):
        await asking.embed(["text"])
    assert asking.pauses == []


async def test_texts_that_the_service_refuses_are_found_and_the_others_have_vectors(
    asking: Asking,
):
    poison = {"text 3", "text 77"}

    def judge(question: dict[str, list[str]]) -> web.Response:
        return refusal(400)(question) if poison & set(question["input"]) else embeddings(question)

    asking.server.always = judge
    texts = [f"text {number}" for number in range(100)]
    made = await asking.embed(texts)
    refused = {
        text for text, each in zip(texts, made, strict=True) if isinstance(each, RejectedText)
    }
    assert refused == poison
    assert len(asking.server.asked) < 40


async def test_a_service_that_refuses_every_text_is_not_the_texts_fault(asking: Asking):
    asking.server.always = refusal(400)
    with pytest.raises(Misconfigured, match="every text"):
        await asking.embed([f"text {number}" for number in range(100)])
    assert len(asking.server.asked) == 2


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("texts", [1, 2, 100])
async def test_a_service_that_took_texts_and_refuses_every_one_now_sets_none_aside(
    asking: Asking, texts: int, status: int
):
    assert len(await asking.embed(["text"])) == 1
    asking.server.always = refusal(status)
    with pytest.raises(Misconfigured, match="every text"):
        await asking.embed([f"text {number}" for number in range(texts)])
    assert len(asking.server.asked) == 3


async def test_a_service_that_begins_to_refuse_within_a_batch_sets_none_aside(asking: Asking):
    asking.server.next = [refusal(413), embeddings, embeddings]
    asking.server.always = refusal(400)
    with pytest.raises(Misconfigured, match="every text"):
        await asking.embed([f"text {number}" for number in range(8)])
    assert [len(each["input"]) for each in asking.server.asked][:4] == [8, 1, 4, 4]
    assert asking.server.asked[-1]["input"] == ["a"]


@pytest.mark.parametrize("texts", [1, 2, 9])
async def test_texts_that_are_all_refused_are_set_aside_where_another_is_taken(
    asking: Asking, texts: int
):
    def judge(question: dict[str, list[str]]) -> web.Response:
        is_refused = any("poison" in text for text in question["input"])
        return refusal(422)(question) if is_refused else embeddings(question)

    asking.server.always = judge
    for _ in range(2):
        made = await asking.embed([f"poison {number}" for number in range(texts)])
        assert [isinstance(each, RejectedText) for each in made] == [True] * texts


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": [1.0]}]}',
        b'{"data": [{"index": 1, "embedding": [1,1,1,1,1,1,1,1]}]}',
        b'{"data": [{"index": 0, "embedding": [1e300,1,1,1,1,1,1,1]}]}',
    ],
)
async def test_an_answer_without_the_vectors_is_no_answer(asking: Asking, body: bytes):
    asking.server.always = lambda _: web.Response(status=200, body=body)
    with pytest.raises(WrongAnswer):
        await asking.embed(["text"])


async def test_neither_the_key_nor_the_services_words_are_in_an_error(asking: Asking):
    for status in (400, 401, 404, 429, 500):
        asking.server.always = refusal(status)
        with pytest.raises(SternaError) as failed:
            await asking.embed(["canary text"])
        assert "canary" not in f"{failed.value!r} {failed.value.details}"


async def test_a_shorter_vector_is_asked_for_where_the_model_can_give_it(server: EmbeddingServer):
    model = read_model({"model": "text-embedding-3-small", "dimension": 4})
    await Asking(server, model).embed(["text"])
    assert server.asked[0]["dimensions"] == 4
    await Asking(server).embed(["text"])
    assert "dimensions" not in server.asked[1]


def test_a_vector_is_as_long_as_stores_can_keep_and_no_longer():
    assert read_model({"model": "own", "dimension": MOST_DIMENSIONS}).dimension == MOST_DIMENSIONS
    with pytest.raises(WrongParameters, match="16000"):
        read_model({"model": "own", "dimension": MOST_DIMENSIONS + 1})


def test_an_estimate_has_a_price_where_there_is_one(asking: Asking):
    texts = ["x" * 400] * 1000
    assert asking.extractor.estimate(texts).tokens == 100_000
    assert asking.extractor.estimate(texts).cost_usd == pytest.approx(0.002)
    prices = read_prices(("own-model=1.5", "text-embedding-3-small=0.03"))
    assert (prices["own-model"], prices["text-embedding-3-small"]) == (1.5, 0.03)
    with pytest.raises(Misconfigured):
        read_prices(("own-model=cheap",))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, None), ("5", 5.0), ("-1", 0.0), ("inf", 0.0), ("soon", None), ("", None)],
)
def test_a_pause_is_read_in_any_form(text: str | None, seconds: float | None):
    assert read_retry_after(text, _NOW) == seconds


@given(st.lists(st.text(max_size=60), max_size=40), st.integers(1, 7), st.integers(1, 30))
def test_batches_hold_every_text_once_in_order_within_their_bounds(
    texts: list[str], most_texts: int, most_tokens: int
):
    made = list(batches(texts, most_texts=most_texts, most_tokens=most_tokens))
    assert [place for batch in made for place in batch] == list(range(len(texts)))
    for batch in made:
        assert 0 < len(batch) <= most_texts
        tokens = estimated_tokens([texts[place] for place in batch])
        assert tokens <= most_tokens or len(batch) == 1
