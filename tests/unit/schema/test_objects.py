import pytest
from hypothesis import given
from hypothesis import strategies as st

from sterna_executor.databases.postgresql.archive import Entry, Section
from sterna_executor.databases.postgresql.ledger import LaterObject
from sterna_executor.databases.postgresql.objects import Facts, plan_objects

WAVES = ("index", "attach", "foreign_key", "behaviour")
NO_FACTS = Facts({}, {})


def entry(dump_id: int, kind: str, depends_on: tuple[int, ...] = (), tag: str = "") -> Entry:
    return Entry(
        dump_id=dump_id,
        catalog_oid=0,
        oid=0,
        kind=kind,
        schema="s",
        tag=tag or f"t{dump_id}",
        section=Section.POST_DATA,
        ddl=f"do {dump_id};",
        access_method="",
        relkind="r" if kind == "TABLE" else "",
        depends_on=depends_on,
    )


def planned(*after: Entry, before: tuple[Entry, ...] = ()) -> tuple[LaterObject, ...]:
    return plan_objects("mig_1", before, after, NO_FACTS, {})


@pytest.mark.parametrize(
    ("kind", "wave"),
    [
        ("INDEX", "index"),
        ("CONSTRAINT", "index"),
        ("INDEX ATTACH", "attach"),
        ("STATISTICS", "attach"),
        ("MATERIALIZED VIEW", "attach"),
        ("FK CONSTRAINT", "foreign_key"),
        ("CHECK CONSTRAINT", "foreign_key"),
        ("TRIGGER", "behaviour"),
        ("RULE", "behaviour"),
        ("POLICY", "behaviour"),
        ("ROW SECURITY", "behaviour"),
        ("EVENT TRIGGER", "behaviour"),
        ("SOMETHING NEW", "behaviour"),
    ],
)
def test_each_kind_has_its_wave(kind: str, wave: str):
    assert [item.wave for item in planned(entry(1, kind))] == [wave]


def test_a_comment_is_created_with_what_it_describes():
    objects = planned(entry(1, "INDEX"), entry(2, "COMMENT", (1,)))

    assert [item.steps for item in objects] == [("do 1;\ndo 2;",)]


def test_indexes_of_partitions_are_made_apart_from_their_parents():
    objects = planned(entry(1, "INDEX"), entry(2, "INDEX", (1,)), entry(3, "CONSTRAINT", (1, 2)))

    assert len(objects) == 3


def test_an_index_on_what_is_created_late_is_created_with_it():
    objects = planned(
        entry(1, "CONSTRAINT"), entry(2, "MATERIALIZED VIEW", (1,)), entry(3, "INDEX", (2,))
    )

    assert [(item.wave, item.steps) for item in objects] == [
        ("index", ("do 1;",)),
        ("attach", ("do 2;\ndo 3;",)),
    ]


def test_indexes_of_one_partitioned_table_are_attached_together():
    before = (
        entry(1, "TABLE", tag="root"),
        entry(2, "TABLE"),
        entry(3, "TABLE"),
        entry(4, "TABLE ATTACH", (2, 1)),
        entry(5, "TABLE ATTACH", (3, 2)),
        entry(6, "TABLE"),
        entry(7, "TABLE"),
        entry(8, "TABLE ATTACH", (7, 6)),
    )

    objects = planned(
        entry(11, "INDEX ATTACH", (2, 1)),
        entry(12, "INDEX ATTACH", (3, 2)),
        entry(13, "INDEX ATTACH", (7, 6)),
        before=before,
    )

    assert [item.steps for item in objects] == [("do 11;\ndo 12;",), ("do 13;",)]


KINDS = (
    "INDEX",
    "CONSTRAINT",
    "INDEX ATTACH",
    "STATISTICS",
    "MATERIALIZED VIEW",
    "FK CONSTRAINT",
    "TRIGGER",
    "RULE",
    "COMMENT",
)


@st.composite
def archives(draw: st.DrawFn) -> tuple[Entry, ...]:
    count = draw(st.integers(1, 20))
    return tuple(
        entry(
            number,
            draw(st.sampled_from(KINDS)),
            tuple(draw(st.sets(st.integers(1, number - 1), max_size=3)) if number > 1 else ()),
        )
        for number in range(1, count + 1)
    )


@given(archives())
def test_every_entry_is_created_once_and_after_what_it_needs(after: tuple[Entry, ...]):
    objects = planned(*after)

    place = {}
    for number, item in enumerate(objects):
        lines = [line for step in item.steps for line in step.splitlines()]
        for line_number, line in enumerate(lines):
            dump_id = int(line.removeprefix("do ").removesuffix(";"))
            assert dump_id not in place
            place[dump_id] = (WAVES.index(item.wave), number, line_number)
    assert sorted(place) == [each.dump_id for each in after]
    indexes = {"INDEX", "CONSTRAINT"}
    kinds = {each.dump_id: each.kind for each in after}
    for each in after:
        wave, group, line = place[each.dump_id]
        for needed in each.depends_on:
            if each.kind in indexes and kinds[needed] in indexes:
                continue  # of partitions, and attached later
            needed_wave, needed_group, needed_line = place[needed]
            assert needed_wave <= wave
            if needed_wave == wave:
                assert needed_group == group
                assert needed_line < line


@given(archives())
def test_ids_of_objects_are_distinct_and_the_same_each_time(after: tuple[Entry, ...]):
    first, second = planned(*after), planned(*after)

    assert [item.object_id for item in first] == [item.object_id for item in second]
    assert len({item.object_id for item in first}) == len(first)
