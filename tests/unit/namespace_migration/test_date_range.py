from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration.config import MigrationConfig, ResourceFilter
from sterna_core.namespace_migration.date_range import (
    EVERY_DATE,
    WrongDateRange,
    dated_collections,
    read_date_range,
)
from sterna_core.namespace_migration.validating import validate

JANUARY = {"after": "2026-01-01", "before": "2026-02-01"}
_MOMENTS = some.datetimes(
    min_value=datetime(1970, 1, 1),  # ruff: ignore[call-datetime-without-tzinfo]  # the strategy adds the zone
    max_value=datetime(2100, 1, 1),  # ruff: ignore[call-datetime-without-tzinfo]
    timezones=some.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours))),
)


@pytest.mark.parametrize(
    ("payload", "standing"),
    [
        ({"created_at": "2026-01-01"}, "inside"),
        ({"created_at": "2026-01-01T00:00:00Z"}, "inside"),
        ({"created_at": "2025-12-31T23:59:59.999999Z"}, "outside"),
        ({"created_at": "2026-01-31T23:59:59"}, "inside"),
        ({"created_at": "2026-02-01"}, "outside"),
        ({"created_at": "2026-01-01T00:30:00+01:00"}, "outside"),
        ({"_internal": {"created_at": "2026-01-15"}}, "inside"),
        ({"created_at": "2027-01-01", "_internal": {"created_at": "2026-01-15"}}, "outside"),
        ({"created_at": None, "_internal": {"created_at": "2026-01-15"}}, "inside"),
        ({"created_at": "yesterday"}, "undated"),
        ({"created_at": 1_767_225_600}, "undated"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "undated"),
        ({"at": "2026-01-15"}, "undated"),
        ({}, "undated"),
    ],
)
def test_a_document_is_from_after_on_and_before_before(
    payload: dict[str, Any], standing: str
) -> None:
    dates = read_date_range(JANUARY)
    assert dates.standing(payload) == standing
    assert dates.wants(payload) == (standing == "inside")


def test_a_field_that_is_named_is_the_only_one_that_is_looked_at() -> None:
    dates = read_date_range({"after": "2026-01-01", "field": "meta.published"})
    assert dates.wants({"meta": {"published": "2030-01-01"}})
    assert dates.standing({"created_at": "2030-01-01"}) == "undated"


@pytest.mark.parametrize("nothing", [None, {}])
def test_without_bounds_nobody_looks_at_dates(nothing: dict[str, str] | None) -> None:
    assert read_date_range(nothing) == EVERY_DATE
    assert EVERY_DATE.wants({"created_at": "yesterday"})


@settings(deadline=None)
@given(some.lists(_MOMENTS, min_size=3, max_size=3).map(sorted), _MOMENTS)
def test_ranges_that_meet_have_every_document_once(bounds: list[datetime], at: datetime) -> None:
    first, between, last = (each.isoformat() for each in bounds)
    if len(set(bounds)) < 3:
        return
    payload = {"created_at": at.isoformat()}
    parts = ({"after": first, "before": between}, {"after": between, "before": last})
    whole = read_date_range({"after": first, "before": last}).wants(payload)
    assert sum(read_date_range(part).wants(payload) for part in parts) == whole
    assert whole == (bounds[0] <= at.astimezone(UTC) < bounds[2])


@pytest.mark.parametrize(
    ("given_range", "key"),
    [
        ({"after": "soon"}, "after"),
        ({"before": ""}, "before"),
        ({"after": "2026-02-01", "before": "2026-02-01"}, "before"),
        ({"field": "at"}, None),
        ({"after": "2026-01-01", "field": "a..b"}, "field"),
        ({"created_at": "2026-01-01"}, "created_at"),
    ],
)
def test_a_range_that_means_nothing_is_an_error_at_its_place(
    given_range: dict[str, str], key: str | None
) -> None:
    with pytest.raises(WrongDateRange):
        read_date_range(given_range)
    config = MigrationConfig(
        migration_type="copy",
        source_namespace_id="ns_old",
        filters=ResourceFilter(date_range=given_range),
    )
    (error,) = validate(config, ()).result.errors
    assert error.type == "date_range_invalid"
    assert error.loc == ("config", "filters", "date_range", *([key] if key else []))


def test_labels_and_objects_go_along_whole() -> None:
    resources = (
        Resource("bkt", "bucket"),
        Resource("items", "collection"),
        Resource("labels", "collection"),
        Resource("nodes", "collection"),
        Resource(
            "tax",
            "taxonomy",
            {
                "source_collection": {"collection_id": "labels"},
                "hierarchical_nodes": [{"collection_id": "nodes"}],
                "inference_collections": ["items"],
            },
        ),
    )
    assert dated_collections(resources) == {"items"}
