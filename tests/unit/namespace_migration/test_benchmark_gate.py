"""What follows from a benchmark: nothing, a warning, or a halt until somebody answers for it."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.namespace_migration.play import Play, copying

from sterna_core.errors import Rejected
from sterna_core.migration.reports import ReportTaskFailed
from sterna_core.namespace.resource import Resource
from sterna_core.namespace_migration import commands as cmd
from sterna_core.namespace_migration import events as ev
from sterna_core.namespace_migration import reports as rep
from sterna_core.namespace_migration import state as st
from sterna_core.namespace_migration.benchmark_options import (
    QUERIES_BYTES_MAX,
    BenchmarkOptions,
    Gate,
)
from sterna_core.namespace_migration.benchmark_report import BenchmarkReport, Difference, Verdict
from sterna_core.namespace_migration.config import MigrationConfig
from sterna_core.namespace_migration.validating import validate
from sterna_core.tasks import namespace_work as wk

RESOURCES = (
    Resource("bkt_1", "bucket", {}),
    Resource(
        "col_1",
        "collection",
        {
            "source": {"type": "bucket", "bucket_ids": ["bkt_1"]},
            "feature_extractor": {"input_mappings": {"text": "about.title"}},
        },
    ),
    Resource("ret_1", "retriever", {"collection_ids": ["col_1"]}),
    Resource("ret_2", "retriever", {"collection_ids": ["col_1"]}),
)
QUERIES = [{"query_id": "q1", "query_input": "a kettle", "relevant_documents": ["doc_1"]}]


def measured(gate: Gate, verdict: Verdict) -> BenchmarkReport:
    return BenchmarkReport(
        mode="given",
        gate=gate,
        verdict=verdict,
        queries=40,
        max_drop=0.02,
        difference=Difference(mean=-0.2, lower=-0.25, upper=-0.15),
    )


def to_the_benchmarks(play: Play) -> dict[str, wk.NamespaceTask]:
    """Bring a migration to where its retrievers are asked; give the tasks by retriever."""
    play.create()
    play.start()
    while True:
        outstanding = play.outstanding()
        assert outstanding
        asked = {
            each.work.retriever.resource_id: each
            for each in outstanding
            if isinstance(each.work, wk.BenchmarkRetriever)
        }
        if asked:
            return asked
        play.done(outstanding[0])


def told(play: Play, task: wk.NamespaceTask, report: BenchmarkReport) -> tuple[ev.AnyEvent, ...]:
    return play.give(
        rep.ReportStepDone(
            task_id=task.task_id, attempt=task.attempt, executor_id="exe_1", benchmark=report
        )
    )


@pytest.fixture
def play() -> Play:
    return Play(RESOURCES)


@pytest.mark.parametrize("gate", ["warn", "report"])
@pytest.mark.parametrize("verdict", ["failed", "inconclusive"])
def test_a_gate_that_only_tells_lets_the_migration_complete(
    play: Play, gate: Gate, verdict: Verdict
) -> None:
    tasks = to_the_benchmarks(play)
    told(play, tasks["ret_1"], measured(gate, verdict))
    play.finish()
    assert isinstance(play.state, st.Completed)
    assert play.view is not None
    assert play.view.benchmarks["ret_1"].verdict == verdict


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("failed", "benchmark_failed"), ("inconclusive", "benchmark_inconclusive")],
)
def test_a_gate_that_fails_stops_before_the_switch_and_a_resume_measures_again(
    play: Play, verdict: Verdict, code: str
) -> None:
    tasks = to_the_benchmarks(play)
    told(play, tasks["ret_1"], measured("fail", verdict))
    assert play.view is not None
    assert (play.view.status, play.view.error_code) == ("failed", code)
    assert play.view.resources["ret_1"].status == "failed"
    assert not any(isinstance(each.work, wk.SwitchNamespace) for each in play.delivered.values())
    play.give(cmd.ResumeNamespaceMigration())
    again = {each.task_id: each for each in play.outstanding()}[tasks["ret_1"].task_id]
    assert again.attempt == 2
    told(play, tasks["ret_1"], measured("fail", "failed"))  # of an attempt that is over
    assert isinstance(play.state, st.Running)
    told(play, again, measured("fail", "passed"))
    play.finish()
    assert isinstance(play.state, st.Completed)


def test_what_was_refused_can_be_accepted_and_who_did_so_is_written_down(play: Play) -> None:
    tasks = to_the_benchmarks(play)
    told(play, tasks["ret_1"], measured("fail", "failed"))
    told(play, tasks["ret_2"], measured("fail", "failed"))
    events = play.give(cmd.ResumeNamespaceMigration(accept_benchmark=True))
    accepted = [each for each in events if isinstance(each, ev.BenchmarkAccepted)]
    assert {each.retriever_id for each in accepted} == {"ret_1", "ret_2"}
    assert {each.by for each in accepted} == {"key_1"}
    assert {each.difference for each in accepted} == {measured("fail", "failed").difference}
    assert play.view is not None
    assert play.view.resources["ret_1"].error_message is None
    play.finish()
    assert isinstance(play.state, st.Completed)
    assert play.view.benchmarks["ret_1"].accepted_by == "key_1"
    assert play.view.benchmarks["ret_1"].accepted_at == play.now
    asked = [
        each for each in play.delivered.values() if isinstance(each.work, wk.BenchmarkRetriever)
    ]
    assert len(asked) == 2, "nothing is measured again"


def test_nothing_can_be_accepted_that_no_benchmark_has_refused(play: Play) -> None:
    tasks = to_the_benchmarks(play)
    play.failed(tasks["ret_1"], transient=False)
    with pytest.raises(Rejected) as refused:
        play.give(cmd.ResumeNamespaceMigration(accept_benchmark=True))
    assert refused.value.code == "nothing_to_accept"
    assert isinstance(play.state, st.Failed)


def test_a_copy_whose_exact_answers_differ_cannot_be_accepted(play: Play) -> None:
    tasks = to_the_benchmarks(play)
    play.give(
        ReportTaskFailed(
            task_id=tasks["ret_1"].task_id,
            attempt=1,
            executor_id="exe_1",
            code="benchmark_failed",
            message="Of 20 exact searches 3 find something else in the copy.",
            transient=False,
            details={},
        )
    )
    assert play.try_to(cmd.ResumeNamespaceMigration(accept_benchmark=True)) is None


def test_only_who_asks_the_queries_is_sent_them_and_told_where_the_texts_are() -> None:
    play = Play(RESOURCES, copying(benchmark_options={"queries": QUERIES, "gate": "warn"}))
    tasks = to_the_benchmarks(play)
    work = tasks["ret_1"].work
    assert isinstance(work, wk.BenchmarkRetriever)
    assert work.text_fields == {"col_1": ("about", "title")}
    for task in play.delivered.values():
        asks = isinstance(task.work, wk.BenchmarkRetriever)
        assert bool(task.config.benchmark.queries) == asks


def test_queries_belong_to_the_retrievers_that_are_named_or_to_all() -> None:
    everybody = msgspec.convert({"queries": QUERIES}, BenchmarkOptions)
    assert len(everybody.queries_of("ret_1")) == 1
    one = msgspec.convert({"queries": QUERIES, "retriever_ids": ["ret_2"]}, BenchmarkOptions)
    assert (len(one.queries_of("ret_1")), len(one.queries_of("ret_2"))) == (0, 1)
    scored = {**QUERIES[0], "relevant_documents": ["a", "b"], "relevance_scores": {"a": 3}}
    (query,) = msgspec.convert({"queries": [scored]}, BenchmarkOptions).queries
    assert query.grades == {"a": 3, "b": 1}


def test_options_that_were_not_given_stay_away_and_too_many_queries_are_refused() -> None:
    assert b"benchmark" not in msgspec.json.encode(copying())
    with pytest.raises(msgspec.ValidationError, match="same query_id"):
        msgspec.convert({"queries": QUERIES * 2}, BenchmarkOptions)
    long = {**QUERIES[0], "relevant_documents": ["x" * 400] * (QUERIES_BYTES_MAX // 400)}
    with pytest.raises(msgspec.ValidationError, match="bytes together"):
        msgspec.convert({"queries": [long]}, BenchmarkOptions)


@given(
    some.sampled_from(["fail", "warn", "report"]),
    some.sampled_from(["passed", "failed", "inconclusive"]),
    some.booleans(),
)
def test_only_the_gate_fail_refuses_and_only_what_has_not_passed(
    gate: Gate, verdict: Verdict, is_accepted: bool
) -> None:
    report = measured(gate, verdict)
    if is_accepted:
        report = msgspec.structs.replace(report, accepted_by="key_1")
    refuses = gate == "fail" and verdict != "passed" and not is_accepted
    assert report.refuses is refuses
    again = msgspec.json.decode(msgspec.json.encode(report), type=BenchmarkReport)
    assert again == report
    config = msgspec.json.decode(msgspec.json.encode(copying()), type=MigrationConfig)
    assert config == copying()


_MOVES = some.lists(
    some.tuples(
        some.sampled_from(
            [
                "refused",
                "refused",
                "passed",
                "late",
                "resume",
                "accept",
                "pause",
                "wait",
                "terminal",
            ]
        ),
        some.integers(0, 20),
    ),
    max_size=20,
)


def _move(play: Play, name: str, number: int) -> None:
    asked = [
        each for each in play.delivered.values() if isinstance(each.work, wk.BenchmarkRetriever)
    ]
    outstanding = [each for each in play.outstanding() if each in asked]
    match name:
        case "refused" | "passed" if outstanding:
            verdict: Verdict = "failed" if name == "refused" else "passed"
            told(play, outstanding[number % len(outstanding)], measured("fail", verdict))
        case "late":
            told(play, asked[number % len(asked)], measured("fail", "failed"))
        case "terminal" if outstanding:
            play.failed(outstanding[number % len(outstanding)], transient=False)
        case "resume" | "accept":
            play.try_to(cmd.ResumeNamespaceMigration(accept_benchmark=name == "accept"))
        case "pause":
            play.try_to(cmd.PauseNamespaceMigration())
        case _:
            play.wait()


@settings(max_examples=30, deadline=None)
@given(_MOVES)
def test_nobody_is_led_to_a_target_whose_retriever_was_refused_and_not_accepted(
    script: list[tuple[str, int]],
) -> None:
    play = Play(RESOURCES)
    to_the_benchmarks(play)
    for name, number in script:
        _move(play, name, number)
        assert play.view is not None
        refused = {name for name, report in play.view.benchmarks.items() if report.refuses}
        done = {name for name, each in play.view.resources.items() if each.status == "completed"}
        assert not refused & done
        if refused:
            assert play.view.stages["benchmark_evaluation"].status != "completed"
    for _ in range(5):
        play.try_to(cmd.ResumeNamespaceMigration(accept_benchmark=True))
        play.try_to(cmd.ResumeNamespaceMigration())
        play.finish()
    assert isinstance(play.state, st.Completed)
    steps = [each.task_id for each in play.log if isinstance(each, ev.StepCompleted)]
    assert len(steps) == len(set(steps)), "a step was completed twice"


def retriever(name: str, feature: str = "sterna://words@v1/embedding", **config: str) -> Resource:
    search = {"stage_type": "feature_search", "config": {"feature_uri": feature, **config}}
    return Resource(name, "retriever", {"collection_ids": ["col_1"], "stages": [search]})


def test_retrievers_that_queries_cannot_be_asked_of_are_named() -> None:
    going = (
        *RESOURCES[:2],
        retriever("ret_asked"),
        retriever("ret_fixed", query="always this"),
        retriever("ret_missing", "sterna://other@v1/embedding"),
        Resource("ret_other", "retriever", {"stages": [{"stage_type": "rerank"}]}),
    )

    def warned(embeddable: frozenset[str] | None, **options: object) -> set[str | int]:
        found = validate(copying(**options), going, embeddable=embeddable).result
        unasked = [each for each in found.warnings if each.type == "retriever_not_benchmarked"]
        return {each.loc[1] for each in unasked}

    installed = frozenset({"sterna://words@v1/embedding"})
    given: dict[str, object] = {"benchmark_options": {"gate": "fail"}}
    assert warned(installed) == set(), "a copy is compared by its vectors"
    assert warned(installed, **given) == {"ret_fixed", "ret_missing", "ret_other"}
    assert warned(None, **given) == {"ret_fixed", "ret_other"}
    anew = {"migration_type": "re_extract", "feature_extractors": [{"feature_extractor_name": "x"}]}
    assert warned(installed, **anew) == {"ret_fixed", "ret_missing", "ret_other"}


def test_queries_for_a_retriever_that_does_not_come_along_are_an_error() -> None:
    options = {"queries": QUERIES, "retriever_ids": ["ret_1", "ret_gone"]}
    found = validate(copying(benchmark_options=options), RESOURCES).result
    wrong = [(each.loc, each.type) for each in found.errors]
    assert wrong == [(("config", "benchmark_options", "retriever_ids", 1), "not_found")]
