from itertools import starmap

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_core.errors import Misconfigured, MissingRight, SternaError, TargetConflict
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_object import Extension, Routine
from sterna_executor.databases.postgresql.inventory_table import TypeInfo
from sterna_executor.databases.postgresql.preflight import Findings
from sterna_executor.databases.postgresql.preflight_problem import Kind, Problem, refuse
from sterna_executor.databases.postgresql.preflight_server import Server
from sterna_executor.databases.postgresql.preflight_source import SourceFacts
from sterna_executor.databases.postgresql.preflight_target_facts import TargetFacts
from sterna_executor.databases.postgresql.risks import risks_of
from support.plan.facts import a_server, an_inventory, source_facts, target_facts
from support.plan.tables import a_column, a_table


def problems(
    inventory: Inventory | None = None,
    source: SourceFacts | None = None,
    target: TargetFacts | None = None,
) -> str:
    findings = Findings(source=source or source_facts(), target=target or target_facts())
    return "; ".join(each.text for each in findings.problems(inventory or an_inventory()))


def risks(
    inventory: Inventory | None = None,
    source: Server | None = None,
    target: TargetFacts | None = None,
) -> dict[str, str]:
    found = risks_of(
        inventory or an_inventory(tables=(a_table("shop", "t"),)),
        source or a_server(),
        target or target_facts(),
    )
    return {risk.type: risk.severity for risk in found}


def test_servers_without_a_blemish_have_no_problems_and_one_risk():
    assert not problems(an_inventory(tables=(a_table("shop", "t"),)))
    assert risks() == {"writes_during_migration": "medium"}


def test_a_target_that_is_a_standby_is_refused():
    told = problems(target=target_facts(server=a_server(in_recovery=True)))
    assert "standby and takes no writes" in told


def test_a_target_too_old_is_refused_by_version():
    told = problems(target=target_facts(server=a_server(version=130012)))
    assert "is PostgreSQL 13; the oldest that can be migrated into is 14" in told


def test_unlogged_tables_of_a_standby_cannot_be_read():
    told = problems(
        an_inventory(tables=(a_table("shop", "t", persistence="unlogged"),)),
        source_facts(server=a_server(in_recovery=True)),
    )
    assert "unlogged tables cannot be read (shop.t)" in told


@pytest.mark.parametrize(("used", "told"), [(True, True), (False, False)])
def test_an_extension_that_the_target_does_not_offer_is_refused_where_it_is_used(
    used: bool, told: bool
):
    inventory = an_inventory(
        extensions=(Extension(name="postgis", version="3.4", schema="public", used=used),)
    )
    assert ("does not offer the extension postgis" in problems(inventory)) is told
    assert ("extension_not_offered" in risks(inventory)) is not told


def test_what_an_older_target_cannot_make_is_refused():
    multirange = TypeInfo(
        oid=4451,
        schema="pg_catalog",
        name="int4multirange",
        kind="multirange",
        builtin=True,
        extension=None,
        binary=True,
        element=None,
        base=None,
        parts=(),
    )
    table = a_table("shop", "t", columns=(a_column(generated="virtual"),))
    inventory = an_inventory(tables=(table,), types={4451: multirange})
    told = problems(inventory, target=target_facts(server=a_server(version=140000)))
    assert "has no type int4multirange" in told
    assert "virtual generated columns (shop.t) take PostgreSQL 18" in told


def test_a_locale_that_the_target_lacks_is_told_with_what_brings_it():
    inventory = an_inventory(collations=("de_DE.utf8",))
    told = problems(inventory)
    assert "no collation de_DE.utf8" in told
    assert "pg_import_system_collations" in told
    assert not problems(inventory, target=target_facts(collations=frozenset({"de_DE.utf8"})))


def test_a_language_that_the_target_lacks_is_told():
    routine = Routine(
        schema="shop", name="f", arguments="", kind="function", language="plv8", trusted=True
    )
    assert 'CREATE EXTENSION "plv8"' in problems(an_inventory(routines=(routine,)))


@pytest.mark.parametrize(
    ("source", "target", "risk", "severity"),
    [
        ({"version": 180000}, {"version": 150000}, "older_target", "high"),
        ({"version": 150000}, {"version": 180000}, None, None),
        ({"encoding": "LATIN1"}, {"encoding": "UTF8"}, "encoding", "low"),
        ({"encoding": "UTF8"}, {"encoding": "LATIN1"}, "encoding", "high"),
        ({"encoding": "UTF8"}, {"encoding": "SQL_ASCII"}, "encoding", "medium"),
        ({"encoding": "SQL_ASCII"}, {"encoding": "SQL_ASCII"}, "encoding", "high"),
        ({"collate": "de_DE.utf8"}, {}, "locale", "medium"),
        ({"in_recovery": True}, {}, "standby_conflict", "medium"),
        ({"in_recovery": True, "standby_feedback": True}, {}, None, None),
        ({"snapshots_expire": True}, {}, "snapshot_expires", "high"),
        ({"frozen_age": 1_900_000_000}, {}, "transaction_age", "high"),
        ({}, {"free_connections": 6}, "few_connections", "low"),
        ({"lock_slots": 1}, {}, "lock_table_full", "high"),
    ],
)
def test_what_two_servers_bring_with_them_is_a_risk(
    source: dict, target: dict, risk: str | None, severity: str | None
):
    found = risks(source=a_server(**source), target=target_facts(server=a_server(**target)))
    del found["writes_during_migration"]
    assert found == ({risk: severity} if risk else {})


KINDS: st.SearchStrategy[Kind] = st.sampled_from(["right", "conflict", "setting"])


@given(st.lists(st.tuples(KINDS, st.text(max_size=400)), min_size=1, max_size=200))
def test_one_error_tells_all_problems_and_stays_small(found: list[tuple[Kind, str]]):
    with pytest.raises(SternaError) as caught:
        refuse(list(starmap(Problem, found)))
    error = caught.value
    kinds = {kind for kind, _ in found}
    expected = (
        MissingRight
        if "right" in kinds
        else TargetConflict
        if "conflict" in kinds
        else Misconfigured
    )
    assert type(error) is expected
    assert error.details["problem_count"] == len(found)
    assert error.details["problems"] == [text for _, text in found][:50]
    assert error.message.startswith(found[0][1])
    assert len(msgspec.json.encode(error.details)) < 200_000


def test_no_problem_is_no_error():
    refuse([])
