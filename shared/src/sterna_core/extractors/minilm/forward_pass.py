"""BERT in numpy: six layers, as the weights of all-MiniLM-L6-v2 want it."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from sterna_core.extractors.vector import Matrix

LAYERS = 6
HEADS = 12
_EPSILON = np.float32(1e-12)
_ROOT_OF_HALF = np.float32(math.sqrt(0.5))
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_ERF_P = np.float32(0.3275911)
_ERF_A = tuple(map(np.float32, (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)))
_BLOCK_ROWS = 16
"""What kernels of matrix products take at once, or a multiple of it: no row stands at an edge."""

Tensor = NDArray[np.float32]


class _Linear(Struct, frozen=True):
    weight: Tensor
    bias: Tensor

    def __call__(self, states: Tensor) -> Tensor:
        result: Tensor = states @ self.weight
        result += self.bias
        return result


class _Norm(Struct, frozen=True):
    weight: Tensor
    bias: Tensor

    def __call__(self, states: Tensor) -> Tensor:
        states -= states.mean(axis=-1, keepdims=True)
        spread = np.einsum("ij,ij->i", states, states)[:, None]
        states /= np.sqrt(spread / np.float32(states.shape[-1]) + _EPSILON)
        states *= self.weight
        states += self.bias
        return states


class _Group(Struct, frozen=True):
    """Texts of equally many tokens, whose rows follow each other."""

    first_row: int
    texts: int
    tokens: int

    @property
    def rows(self) -> slice:
        return slice(self.first_row, self.first_row + self.texts * self.tokens)


class _Layer(Struct, frozen=True):
    attention_in: _Linear
    attention_out: _Linear
    attention_norm: _Norm
    wide: _Linear
    narrow: _Linear
    norm: _Norm

    def __call__(self, states: Tensor, groups: Sequence[_Group]) -> Tensor:
        together = self.attention_in(states)
        seen = np.zeros_like(states)
        for group in groups:
            seen[group.rows] = _attention(together[group.rows], group)
        states = self.attention_norm(self.attention_out(seen) + states)
        return self.norm(self.narrow(_gelu(self.wide(states))) + states)


class ForwardPass:
    """The model: token ids in, vectors out, which have not the length 1 yet.

    The tokens of all texts are the rows of one matrix, without padding between them. What becomes
    of a row follows from its text alone: products of matrices have rows in whole blocks, so that
    each row is added up in the same order wherever it stands.
    """

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self._words = weights["embeddings.word_embeddings.weight"]
        self._places = (
            weights["embeddings.position_embeddings.weight"]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _norm(weights, "embeddings.LayerNorm")
        self._layers = [_layer(weights, f"encoder.layer.{number}.") for number in range(LAYERS)]

    @property
    def dimension(self) -> int:
        """Say how many numbers a vector has."""
        return int(self._words.shape[1])

    def __call__(self, texts: Sequence[Sequence[int]]) -> Matrix:
        """Embed texts, each the ids of its tokens: the mean of its tokens, in the given order."""
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        groups = _groups([len(texts[place]) for place in order])
        ids = np.concatenate([np.asarray(texts[place], dtype=np.int64) for place in order])
        places = np.concatenate([np.arange(len(texts[place])) for place in order])
        filling = -len(ids) % _BLOCK_ROWS
        states: Tensor = np.zeros((len(ids) + filling, self.dimension), dtype=np.float32)
        np.add(self._words[ids], self._places[places], out=states[: len(ids)])
        states = self._norm(states)
        for layer in self._layers:
            states = layer(states, groups)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        done = 0
        for group in groups:
            of_group = states[group.rows].reshape(group.texts, group.tokens, -1).mean(axis=1)
            vectors[order[done : done + group.texts]] = of_group
            done += group.texts
        return vectors


def _groups(lengths: Sequence[int]) -> list[_Group]:
    groups, row = [], 0
    for tokens, same in groupby(lengths):
        texts = len(list(same))
        groups.append(_Group(row, texts, tokens))
        row += texts * tokens
    return groups


def _attention(together: Tensor, group: _Group) -> Tensor:
    rows, three_widths = together.shape
    size = three_widths // 3 // HEADS
    of_texts = together.reshape(group.texts, group.tokens, 3, HEADS, size)
    query, key, value = of_texts.transpose(2, 0, 3, 1, 4)
    scores: Tensor = query @ key.transpose(0, 1, 3, 2)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    seen: Tensor = (scores @ value).transpose(0, 2, 1, 3).reshape(rows, HEADS * size)
    return seen


def _gelu(states: Tensor) -> Tensor:
    """Bend by the error function, in the approximation 7.1.26 of Abramowitz and Stegun.

    Its error of 1.5e-7 is about that of float32, at a tenth of the time of an exact one.
    """
    x = np.abs(states)
    x *= _ROOT_OF_HALF
    t = x * _ERF_P
    t += _ONE
    np.reciprocal(t, out=t)
    polynomial = t * _ERF_A[0]
    for factor in _ERF_A[1:]:
        polynomial += factor
        polynomial *= t
    x *= x
    np.negative(x, out=x)
    np.exp(x, out=x)
    polynomial *= x
    np.subtract(_ONE, polynomial, out=polynomial)
    np.copysign(polynomial, states, out=polynomial)
    polynomial += _ONE
    polynomial *= states
    polynomial *= _HALF
    return polynomial


def _layer(weights: Mapping[str, NDArray[Any]], prefix: str) -> _Layer:
    query, key, value = (
        _linear(weights, f"{prefix}attention.self.{name}") for name in ("query", "key", "value")
    )
    # Dividing the queries once costs less than dividing every score.
    scale = np.float32(1.0 / math.sqrt(query.weight.shape[0] // HEADS))
    together = _Linear(
        np.ascontiguousarray(
            np.concatenate([query.weight * scale, key.weight, value.weight], axis=1)
        ),
        np.concatenate([query.bias * scale, key.bias, value.bias]),
    )
    return _Layer(
        attention_in=together,
        attention_out=_linear(weights, f"{prefix}attention.output.dense"),
        attention_norm=_norm(weights, f"{prefix}attention.output.LayerNorm"),
        wide=_linear(weights, f"{prefix}intermediate.dense"),
        narrow=_linear(weights, f"{prefix}output.dense"),
        norm=_norm(weights, f"{prefix}output.LayerNorm"),
    )


def _linear(weights: Mapping[str, NDArray[Any]], name: str) -> _Linear:
    return _Linear(np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"])


def _norm(weights: Mapping[str, NDArray[Any]], name: str) -> _Norm:
    return _Norm(weights[f"{name}.weight"], weights[f"{name}.bias"])
