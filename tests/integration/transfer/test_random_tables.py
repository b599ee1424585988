from collections import Counter
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sterna_core.postgres.identifiers import literal, quote
from support.transfer.moving import Moving

_numbers = count(1)

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6).map(
    literal
)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "int4": st.integers(-3, 3).map(str),
    "int8": st.sampled_from(["0", "1", "4294967297", "-9223372036854775808"]),
    "text": TEXTS,
    "numeric": st.sampled_from(["0", "1.0", "1.00", "'NaN'", "'Infinity'"]),
    "float8": st.sampled_from(["0", "1.5", "'NaN'", "'-Infinity'"]),
    "bool": st.sampled_from(["true", "false"]),
    "json": st.sampled_from(["'{}'", "'[1]'", "'[1 ]'"]),
    "jsonb": st.sampled_from(["'{}'", "'[1]'", "'[[1]]'"]),
    "int4[]": st.sampled_from(["'{}'", "'{1}'", "'{{1}}'", "'{NULL}'"]),
    "timestamptz": st.sampled_from(["'epoch'", "'infinity'", "'2020-02-29 01:02:03.456789+02'"]),
    "point": st.sampled_from(["'(1,2)'", "'(2,1)'"]),
}
Row = tuple[str, ...]


@st.composite
def two_tables(
    draw: st.DrawFn,
) -> tuple[list[str], bool, list[Row], list[Row]]:
    """Types, whether there is a key, and the rows of both sides, which are much alike."""
    types = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    row = st.tuples(*(st.just("null") | VALUES[name] for name in types))
    keyed = draw(st.booleans())
    source = draw(st.lists(row, max_size=20))
    target = list(source)
    for edit in draw(st.lists(st.sampled_from(["drop", "add", "repeat", "change"]), max_size=6)):
        place = draw(st.integers(0, max(len(target) - 1, 0)))
        if edit == "add" or not target:
            target.append(draw(row))
        elif edit == "repeat":
            target.append(target[place])
        elif edit == "drop":
            del target[place]
        else:
            target[place] = draw(row)
    if keyed:  # numbers them, so that rows of one number may differ
        types = ["int4", *types]
        source = [(str(number), *each) for number, each in enumerate(source)]
        target = [(str(number), *each) for number, each in enumerate(target)]
    return types, keyed, source, target


async def make(moving: Moving, name: str, types: list[str], keyed: bool) -> None:
    columns = ", ".join(f"c{number} {each}" for number, each in enumerate(types))
    key = ", primary key (c0)" if keyed else ""
    await moving.both(f"create table public.{quote(name)} ({columns}{key})")


def insert(name: str, rows: list[Row]) -> list[str]:
    values = ", ".join(f"({', '.join(row)})" for row in rows)
    return [f"insert into public.{quote(name)} values {values}"] if rows else []


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tables=two_tables(), bits=st.sampled_from([0, 3, 16]), fine=st.booleans())
async def test_a_comparison_finds_what_differs_and_a_repair_changes_just_that(
    moving: Moving, tables: tuple[list[str], bool, list[Row], list[Row]], bits: int, fine: bool
) -> None:
    types, keyed, source, target = tables
    name = f"random_{next(_numbers)}"
    await make(moving, name, types, keyed)
    await moving.on("source", *insert(name, source))
    await moving.on("target", *insert(name, target))
    table = await moving.table(name, key=("c0",) if keyed else ())
    theirs = Counter(await moving.rows("source", table))
    ours = Counter(await moving.rows("target", table))
    async with moving.snapshot() as snapshot:
        compared = await moving.compare(table, snapshot, bits=bits)
        mended = await moving.repair(
            table, snapshot, bits=bits, fine_above_rows=0 if fine else 1_000_000
        )
        again = await moving.compare(table, snapshot, bits=bits, pass_number=2)
    changed = {*(theirs - ours), *(ours - theirs)}
    places = {row.strip("(").split(",")[0] if keyed else row for row in changed}
    assert compared.differing_buckets <= len(places)
    assert (compared.differing_buckets == 0) == (not changed)
    assert (compared.source_digest == compared.target_digest) == (not changed)
    if bits == 16 and len(places) == 1:
        assert compared.differing_buckets == 1
    assert mended.rows_deleted == (ours - theirs).total()
    assert mended.rows_copied == (theirs - ours).total()
    assert again.differing_buckets == 0
    assert Counter(await moving.rows("target", table)) == theirs


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tables=two_tables(), copy_format=st.sampled_from(["binary", "text"]))
async def test_whatever_a_table_holds_arrives_as_it_is(
    moving: Moving,
    tables: tuple[list[str], bool, list[Row], list[Row]],
    copy_format: str,
) -> None:
    types, keyed, source, _ = tables
    name = f"random_{next(_numbers)}"
    await make(moving, name, types, keyed)
    await moving.on("source", *insert(name, source))
    table = await moving.table(name, key=("c0",) if keyed else (), copy_format=copy_format)
    async with moving.snapshot() as snapshot:
        copied = await moving.copy_table(table, snapshot)
        compared = await moving.compare(table, snapshot)
    assert copied.rows == len(source)
    assert compared.differing_buckets == 0
    assert await moving.same(table)
