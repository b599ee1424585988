from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.namespace_migration.extractors import extractor

from sterna_core.namespace.feature_uri import FeatureUri, parse_feature_uri
from sterna_core.namespace_migration.features import (
    Extractors,
    by_address,
    match_features,
    same_space,
    successors,
)

_EXTRACTORS = some.lists(
    some.builds(
        extractor,
        some.sampled_from(["words@v1", "words@v2", "mini@v1", "pictures@v1"]),
        some.sampled_from(["embedding", "vector"]),
        dimension=some.sampled_from([4, 8]),
    ),
    max_size=4,
    unique_by=lambda each: (each.feature_extractor_name, each.version),
).map(tuple)


def uri(text: str) -> FeatureUri:
    found = parse_feature_uri(f"sterna://{text}")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        (["words@v1"], ["mini@v1"], {"words@v1": "mini@v1"}),
        (["words@v1", "other@v1"], ["mini@v1"], {"words@v1": "mini@v1", "other@v1": "mini@v1"}),
        (["a@v1", "b@v1"], ["b@v1", "a@v2"], {"a@v1": "a@v2", "b@v1": "b@v1"}),
        (["a@v1", "b@v1"], ["b@v2", "c@v1"], {"a@v1": "c@v1", "b@v1": "b@v2"}),
        (["a@v1"], ["b@v1", "c@v1"], {}),
        (["a@v1", "b@v1"], ["c@v1", "d@v1"], {}),
        (["a@v1", "a@v2"], ["a@v2", "c@v1"], {"a@v2": "a@v2"}),
        ([], ["a@v1"], {}),
    ],
)
def test_a_feature_is_matched_where_no_other_could_be_meant(
    old: list[str], new: list[str], pairs: dict[str, str]
) -> None:
    for before in permutations(old):
        for after in permutations(new):
            match = match_features(
                tuple(extractor(each) for each in before), tuple(extractor(each) for each in after)
            )
            wanted = {uri(f"{a}/embedding"): uri(f"{b}/embedding") for a, b in pairs.items()}
            assert match.pairs == wanted
            assert set(match.unclear) == {uri(f"{each}/embedding") for each in old} - set(wanted)


def test_what_is_left_of_each_output_is_matched_by_the_outputs_name() -> None:
    old = (extractor("text@v1", "embedding"), extractor("picture@v1", "clip"))
    new = (extractor("mini@v1", "embedding"), extractor("sight@v1", "clip"))
    assert match_features(old, new).pairs == {
        uri("text@v1/embedding"): uri("mini@v1/embedding"),
        uri("picture@v1/clip"): uri("sight@v1/clip"),
    }


def test_what_was_said_comes_first_and_what_is_no_feature_is_told() -> None:
    old, new = (extractor("a@v1"),), (extractor("b@v1"), extractor("c@v1"))
    said = {"mixpeek://a@v1/embedding": "sterna://c@v1/embedding", "a@v1": "sterna://c@v1/x"}
    match = match_features(old, new, said)
    assert match.pairs == {uri("a@v1/embedding"): uri("c@v1/embedding")}
    assert match.unknown == ("a@v1",)
    wrong = match_features(old, new, {"sterna://a@v1/embedding": "sterna://d@v1/embedding"})
    assert wrong.unknown == ("sterna://d@v1/embedding",)


@settings(deadline=None)
@given(_EXTRACTORS, _EXTRACTORS, some.randoms(use_true_random=False))
def test_every_old_feature_becomes_one_of_the_target_or_is_unclear_in_any_order(
    old: Extractors, new: Extractors, chance: object
) -> None:
    match = match_features(old, new)
    assert set(match.pairs) | set(match.unclear) == set(by_address(old))
    assert not set(match.pairs) & set(match.unclear)
    assert set(match.pairs.values()) <= set(by_address(new))
    shuffled = sorted(old, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert match_features(tuple(shuffled), tuple(reversed(new))) == match
    for each, other in match.pairs.items():
        if each in by_address(new):
            assert other == each
    if len(by_address(new)) == 1:
        assert match.unclear == ()
    for reference, heir in successors(old, new, match).items():
        name, _, version = reference.partition("@")
        addresses = [
            each for each in by_address(old) if (each.extractor, each.version) == (name, version)
        ]
        assert addresses
        assert all(by_address(new)[match.pairs[each]] == heir for each in addresses)


def test_a_space_is_another_by_its_parameters_even_under_the_same_address() -> None:
    pair = (uri("a@v1/embedding"), uri("a@v1/embedding"))
    small, large = (extractor("a@v1", dimension=4),), (extractor("a@v1", dimension=8),)
    assert same_space(small, small, pair)
    assert not same_space(small, large, pair)
    other = (uri("a@v1/embedding"), uri("b@v1/embedding"))
    assert not same_space(small, (extractor("b@v1", dimension=4),), other)
