"""Which feature of the target stands for one of the source, where vectors are made anew."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from sterna_core.namespace.feature_extractor import FeatureExtractor
from sterna_core.namespace.feature_uri import FeatureUri, parse_feature_uri

Extractors = tuple[FeatureExtractor, ...]
Features = dict[FeatureUri, FeatureExtractor]


class FeatureMatch(Struct, frozen=True):
    """The new feature of each old one, as far as it is clear which; one may stay as it is.

    `unknown` are addresses that were said and are none of the source's, or of the target's.
    """

    pairs: dict[FeatureUri, FeatureUri]
    unclear: tuple[FeatureUri, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def changed(self) -> dict[FeatureUri, FeatureUri]:
        """Give the pairs of two addresses."""
        return {old: new for old, new in self.pairs.items() if old != new}


def match_features(
    old: Extractors, new: Extractors, said: Mapping[str, str] | None = None
) -> FeatureMatch:
    """Match features; the order of extractors has no say.

    What was said comes first. Then a feature stays where the target has it too, and becomes the
    only one that the target has. Then one and one are matched that alone have an extractor's name
    and an output's, that are left alone with extractors of other names, or that alone have an
    output's name.
    """
    olds, news = by_address(old), by_address(new)
    pairs, unknown = _said(olds, news, said or {})

    def left() -> list[FeatureUri]:
        return [each for each in olds if each not in pairs]

    pairs |= {each: each for each in left() if each in news}
    if len(news) == 1:
        pairs |= dict.fromkeys(left(), next(iter(news)))
    pairs |= _alone(olds, news, pairs, lambda each: (each.extractor, each.output))
    free = [each for each in news if each not in pairs.values()]
    if all(each.extractor not in {one.extractor for one in news} for each in left()):
        pairs |= _alone(left(), free, pairs, lambda _: ())
    pairs |= _alone(olds, news, pairs, lambda each: (each.output,))
    return FeatureMatch(pairs, tuple(left()), unknown)


def by_address(extractors: Extractors) -> Features:
    """Give the extractor of each feature, in the order of addresses."""
    found = {each.uri(output): each for each in extractors for output in each.outputs}
    return dict(sorted(found.items()))


def same_space(old: Extractors, new: Extractors, pair: tuple[FeatureUri, FeatureUri]) -> bool:
    """Tell whether vectors of two features may be compared: parameters count, addresses hide them."""
    before, after = by_address(old)[pair[0]], by_address(new)[pair[1]]
    return pair[0] == pair[1] and before.parameters == after.parameters


def successors(
    old: Extractors, new: Extractors, match: FeatureMatch
) -> dict[str, FeatureExtractor]:
    """Give the extractor that comes in place of each old one, by `name@version`."""
    news = by_address(new)
    found: dict[str, FeatureExtractor] = {}
    for each in old:
        heirs = {match.pairs.get(each.uri(output)) for output in each.outputs}
        if len(heirs) == 1 and (heir := heirs.pop()) is not None:
            found[f"{each.feature_extractor_name}@{each.version}"] = news[heir]
    return found


def _said(
    olds: Features, news: Features, said: Mapping[str, str]
) -> tuple[dict[FeatureUri, FeatureUri], tuple[str, ...]]:
    pairs: dict[FeatureUri, FeatureUri] = {}
    unknown: list[str] = []
    for before, after in said.items():
        old, new = parse_feature_uri(before), parse_feature_uri(after)
        if old in olds and new in news:
            assert old is not None
            assert new is not None
            pairs[old] = new
        else:
            unknown.append(before if old not in olds else after)
    return pairs, tuple(unknown)


def _alone(
    olds: Iterable[FeatureUri],
    news: Iterable[FeatureUri],
    pairs: Mapping[FeatureUri, FeatureUri],
    key: Callable[[FeatureUri], tuple[object, ...]],
) -> dict[FeatureUri, FeatureUri]:
    """Pair one old and one new that nothing else on their sides is like; paired ones stay."""
    sides: list[dict[tuple[object, ...], list[FeatureUri]]] = [{}, {}]
    for side, features in zip(sides, (olds, news), strict=True):
        for each in features:
            side.setdefault(key(each), []).append(each)
    taken = set(pairs.values())
    return {
        before[0]: after[0]
        for like, before in sides[0].items()
        if len(before) == 1
        and len(after := sides[1].get(like, [])) == 1
        and before[0] not in pairs
        and after[0] not in taken
    }
