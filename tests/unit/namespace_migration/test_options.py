"""Every option together with every other: what is found valid is carried out to its end."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.support.namespace.namespaces import URI, namespaces
from tests.support.namespace_migration.extractors import extractor
from tests.support.namespace_migration.play import Play

from sterna_core.namespace.feature_uri import parse_feature_uri
from sterna_core.namespace.json_path import texts
from sterna_core.namespace.references import references
from sterna_core.namespace.resource import KINDS, Resource
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.config import (
    BatchOptions,
    ClusterOptions,
    FeatureExtractorConfig,
    MigrationConfig,
    ResourceFilter,
    RetrieverOptions,
    TaxonomyOptions,
)
from sterna_core.namespace_migration.date_range import dated_collections
from sterna_core.namespace_migration.features import Extractors, by_address, match_features
from sterna_core.namespace_migration.graph import kinds_of
from sterna_core.tasks import namespace_work as wk

OLD = (extractor("text_extractor@v1"),)
_SEARCHED = parse_feature_uri(URI)
_NEWS = some.sampled_from(
    [
        (extractor("mini@v1"),),
        (extractor("text_extractor@v1"),),
        (extractor("text_extractor@v1", dimension=8),),
        (extractor("text_extractor@v2"), extractor("mini@v1")),
        (extractor("large@v1"), extractor("mini@v1")),
    ]
)
_DATES = some.sampled_from(
    [None, {}, {"after": "2026-01-01"}, {"before": "2026-01-01", "field": "at"}] * 3
    + [{"after": "soon"}]
)
_SAID = some.sampled_from(
    [msgspec.UNSET] * 6
    + [{URI: "sterna://mini@v1/embedding"}] * 3
    + [{"nothing": "sterna://mini@v1/embedding"}]
)


_RARELY = some.sampled_from([False] * 5 + [True])
_MINI = (FeatureExtractorConfig(feature_extractor_name="mini"),)


def _booleans(kind: type[Any], **rare: Any) -> Any:
    drawn: dict[str, Any] = dict.fromkeys(kind.__struct_fields__, some.booleans())
    return some.none() | some.builds(kind, **(drawn | rare))


@some.composite
def configs(draw: some.DrawFn) -> MigrationConfig:
    """Give what somebody could ask for: most of it possible, anything together with anything."""
    kind = draw(some.sampled_from(["re_extract"] * 6 + ["copy"] * 3 + ["extend"]))
    fitting = _MINI if kind == "re_extract" else None
    filters = some.builds(
        ResourceFilter,
        collection_ids=some.sampled_from([None, ("col_0",), ("col_0",), ("col_4",)]),
        taxonomy_ids=some.sampled_from([None, None, ("tax_0",)]),
        date_range=_DATES,
        auto_include_dependencies=some.sampled_from([True] * 4 + [False]),
    )
    others = [None, (), _MINI]
    return MigrationConfig(
        migration_type=kind,  # type: ignore[arg-type]
        source_namespace_id="ns_old",
        feature_extractors=draw(some.sampled_from(others)) if draw(_RARELY) else fitting,
        filters=draw(some.none() | filters),
        batch_options=BatchOptions(batch_size=2, max_workers=3),
        taxonomy_options=draw(_booleans(TaxonomyOptions, re_run_enrichment=_RARELY)),
        cluster_options=draw(_booleans(ClusterOptions, recompute_clusters=_RARELY)),
        retriever_options=draw(_booleans(RetrieverOptions)),
        preserve_resource_ids=draw(some.booleans()),
        feature_mapping=draw(_SAID) if kind == "re_extract" or draw(_RARELY) else msgspec.UNSET,
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(namespaces(), configs(), _NEWS)
def test_whatever_is_valid_is_carried_out_and_whatever_is_not_says_why(
    resources: tuple[Resource, ...], config: MigrationConfig, new: Extractors
) -> None:
    is_new = config.migration_type == "re_extract" and bool(config.feature_extractors)
    play = Play(resources, config, old=OLD, new=new if is_new else None)
    found = play.look().result
    if not found.valid:
        assert found.errors
        assert all(each.msg and each.type and each.loc for each in found.errors)
        return
    assert config.migration_type == "copy" or is_new
    play.create()
    play.start()
    play.finish()
    assert isinstance(play.state, st.Completed)
    assert play.view is not None
    assert play.view.target.extractors == (new if is_new else OLD)
    made = {
        each.work.made.resource_id: each.work.made
        for each in play.delivered.values()
        if isinstance(each.work, wk.MakeResource | wk.AttachResource)
    }
    assert _SEARCHED is not None
    match = match_features(OLD, new, config.feature_mapping or None) if is_new else None
    heir = _SEARCHED if match is None else match.pairs.get(_SEARCHED)
    _check_definitions(made, heir)
    dated = dated_collections(play.look().resources)
    dates = (config.filters.date_range if config.filters else None) or {}
    for each in play.delivered.values():
        if isinstance(each.work, wk.PlanBatches | wk.MoveBatch | wk.CompareCollection):
            is_dated = each.work.collection_id in dated
            assert each.work.date_range == (dates if is_dated else {})
    for name, figures in play.view.collections.items():
        assert figures.left_out == (4 if dates and name in dated else 0)
        assert figures.undated == figures.left_out // 2


def _check_definitions(made: dict[str, Resource], heir: Any) -> None:
    """Every reference leads to what is there too, and every address to a feature of the target."""
    known = kinds_of(made.values())
    for each in made.values():
        for reference in references(each, known):
            assert reference.target_id in made
        for _, text in texts(each.definition):
            uri = parse_feature_uri(text)
            assert uri is None or uri == heir
    assert {each.kind for each in made.values()} <= set(KINDS)


def test_play_has_a_feature_that_is_named() -> None:
    assert _SEARCHED in by_address(OLD)
