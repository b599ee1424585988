"""What every extractor promises, whoever makes its vectors."""

import numpy as np
from tests.support.embedding_service import EmbeddingServer

from sterna_core.extractors.embedding import embed
from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.rejected_text import RejectedText
from sterna_core.extractors.vector import Vector
from sterna_core.namespace.feature_uri import parse_feature_uri

_TEXTS = [
    "a motor vehicle with four wheels",
    "x",
    "Ærøskøbing 東京 🚢 e\u0301",
    "a motor vehicle with four wheels",
    "the quality of being able to move; " * 8,
    "a b c d e f g h i j k l m n o p q r s t",
]


def _vectors(results: list[Vector | RejectedText]) -> list[Vector]:
    assert not [each for each in results if isinstance(each, RejectedText)]
    return [each for each in results if not isinstance(each, RejectedText)]


async def test_a_vector_has_the_promised_length_and_direction(extractor: Extractor):
    output = extractor.description.output()
    texts = [_TEXTS[place] for place in (0, 2, 4)]
    for vector in _vectors(await embed(extractor, texts)):
        assert vector.dtype == np.float32
        assert vector.shape == (output.dimension,)
        assert abs(float(np.linalg.norm(vector)) - 1.0) < 1e-5


async def test_a_text_has_one_vector_to_the_bit_in_any_batch_and_any_order(extractor: Extractor):
    texts = _TEXTS
    whole = _vectors(await embed(extractor, texts))
    alone = [_vectors(await embed(extractor, [text]))[0] for text in texts]
    backwards = _vectors(await embed(extractor, texts[::-1]))[::-1]
    many = _vectors(await embed(extractor, texts * 2))
    for place, vector in enumerate(whole):
        assert (vector == alone[place]).all()
        assert (vector == backwards[place]).all()
        assert all((vector == many[place + len(texts) * each]).all() for each in range(2))


async def test_equal_texts_have_equal_vectors_and_others_have_not(extractor: Extractor):
    whole = _vectors(await embed(extractor, _TEXTS))
    assert (whole[0] == whole[3]).all()
    assert len({vector.tobytes() for vector in whole}) == len(set(_TEXTS))


async def test_what_has_no_vector_is_rejected_with_a_reason_and_the_others_have_theirs(
    extractor: Extractor,
):
    most = extractor.description.max_characters
    given = ["first text", None, 7, "", " \n\t", "x" * (most + 1), "half \ud83d", "last text"]
    results = await embed(extractor, given)
    reasons = [each.reason if isinstance(each, RejectedText) else None for each in results]
    assert reasons == [
        None,
        "not_text",
        "not_text",
        "empty",
        "empty",
        "too_long",
        "not_unicode",
        None,
    ]
    first, last = _vectors([results[0], results[-1]])
    alone = _vectors(await embed(extractor, ["last text"]))[0]
    assert (last == alone).all()
    assert (first != last).any()
    assert all(each.message for each in results if isinstance(each, RejectedText))


async def test_the_longest_text_is_taken(extractor: Extractor):
    words = "tern "
    text = words * (min(extractor.description.max_characters, 50_000) // len(words))
    assert len(_vectors(await embed(extractor, [text]))) == 1


async def test_nothing_to_embed_is_nothing(extractor: Extractor, server: EmbeddingServer):
    asked = len(server.asked)
    assert await embed(extractor, []) == []
    assert all(isinstance(each, RejectedText) for each in await embed(extractor, ["", None]))
    assert len(server.asked) == asked


async def test_an_address_names_the_extractor_and_its_output(extractor: Extractor):
    description = extractor.description
    uri = description.uri()
    assert parse_feature_uri(str(uri)) == uri
    assert str(uri) == f"sterna://{description.reference}/{description.output().name}"


async def test_an_estimate_grows_with_the_texts_and_embeds_none(
    extractor: Extractor, server: EmbeddingServer
):
    asked = len(server.asked)
    little, more = extractor.estimate(["one"]), extractor.estimate(["one", "and another text"])
    assert (little.texts, more.texts) == (1, 2)
    assert 0 < little.tokens < more.tokens
    assert len(server.asked) == asked
