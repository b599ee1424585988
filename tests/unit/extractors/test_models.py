"""The models that come in packages are the models that they are said to be."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from sterna_core.errors import Misconfigured
from sterna_core.extractors.extractor import Extractor
from sterna_core.extractors.registry import ExtractorRegistry
from sterna_core.extractors.shipped_file import FileAltered, shipped_file
from sterna_core.extractors.vector import Vector, from_bytes, to_bytes
from sterna_core.extractors.wordllama import MAX_CHARACTERS, mean_of_rows

_OF_AN_EXAMPLE = (0.067657, 0.063496, 0.048713, 0.079305, 0.037448, 0.002653, 0.039375, -0.007098)
"""What the model's makers give for the sentence below."""


async def _embed(extractor: Extractor, *texts: str) -> list[Vector]:
    made = await extractor.embed(texts)
    return [each for each in made if isinstance(each, np.ndarray)]


async def test_minilm_gives_the_numbers_that_its_makers_give(registry: ExtractorRegistry):
    (vector,) = await _embed(await registry.open("minilm"), "This is an example sentence")
    assert np.allclose(vector[:8], _OF_AN_EXAMPLE, atol=2e-6)


@pytest.mark.parametrize("name", ["wordllama", "minilm"])
async def test_what_means_nearly_the_same_is_nearer(registry: ExtractorRegistry, name: str):
    dog, puppy, rates = await _embed(
        await registry.open(name), "a dog is barking", "a puppy makes noise", "interest rates rose"
    )
    assert float(dog @ puppy) > float(dog @ rates) + 0.3


async def test_a_shorter_vector_is_the_beginning_of_the_long_one(registry: ExtractorRegistry):
    (long,) = await _embed(await registry.open("wordllama"), "a small sea bird")
    (short,) = await _embed(
        await registry.open("wordllama", "v1", {"dimension": 64}), "a small sea bird"
    )
    beginning = long[:64] / np.linalg.norm(long[:64])
    assert np.allclose(short, beginning, atol=1e-6)


@pytest.mark.parametrize("tokens", [1, 2, 8_192, 8_193, 16_384, 20_001])
def test_words_that_are_added_in_blocks_have_the_mean_of_all_to_the_bit(tokens: int):
    chance = np.random.default_rng(tokens)
    rows = chance.standard_normal((500, 64)).astype(np.float32)
    places = chance.integers(0, 500, tokens).tolist()
    assert mean_of_rows(rows, places).tobytes() == rows[places].mean(axis=0).tobytes()


async def test_a_text_of_the_most_tokens_is_never_in_memory_word_by_word(
    registry: ExtractorRegistry,
):
    extractor = await registry.open("wordllama")
    character = "\U0002a6b2"  # four bytes that the model has no word for: four tokens
    (some,) = await _embed(extractor, character * 2_000)
    tracemalloc.start()
    try:
        (vector,) = await _embed(extractor, character * MAX_CHARACTERS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60 * 1024 * 1024
    assert float(vector @ some) > 0.9999


async def test_text_without_features_has_no_direction(registry: ExtractorRegistry):
    (vector,) = await _embed(await registry.open("hashing"), "!?")
    assert not vector.any()


def test_a_file_that_was_altered_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = tmp_path / "package_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('its code is not run')")
    (package / "weights").write_bytes(b"others")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FileAltered, match="package_of_a_test"):
        shipped_file("package_of_a_test", "weights", sha256="0" * 64)
    with pytest.raises(Misconfigured, match="not installed"):
        shipped_file("package_of_a_test", "nothing", sha256="0" * 64)


def test_vectors_are_kept_bit_by_bit():
    extremes = np.array([3.4028235e38, 1e-45, -0.0, 0.1], dtype=np.float32)
    assert from_bytes(to_bytes(extremes)).tobytes() == extremes.tobytes()
