import time
from typing import Any

from sterna_cli.client.namespace_migrations import NamespaceMigration
from sterna_cli.console.quantities import count, duration
from sterna_cli.console.terminal import Terminal
from sterna_cli.demo.glosses import Corpus, read_corpus
from sterna_cli.demo.namespaces.meanings import NAME, RETRIEVER, make_namespace
from sterna_cli.demo.namespaces.quality import Quality, ask
from sterna_cli.demo.namespaces.verdict import Verdict
from sterna_cli.demo.namespaces.view import show_examples, show_report, show_validation
from sterna_cli.demo.namespaces.watch import Watch
from sterna_cli.exit_code import ExitCode
from sterna_cli.reach import Reached, started
from sterna_cli.temporary_home import temporary_home

ALIAS = "live"
_EXECUTORS = 2
_AGAIN = 50
"""Questions that are asked once more when the alias is switched back and forth."""


async def demonstrate(terminal: Terminal, extractor: str, *, keep: bool = False) -> ExitCode:
    """Extract a namespace anew with an executor killed half-way, and hold both against each other.

    Leaves nothing behind, unless the data and logs are to be kept. Gives OK only if every document
    was compared, the new namespace finds more, and the alias led where it should all the time.
    """
    began = time.monotonic()
    async with (
        temporary_home("demo", keep=keep) as home,
        started(home, terminal.say, executors=_EXECUTORS) as reached,
    ):
        took = duration(time.monotonic() - began)
        terminal.say(f"  PostgreSQL, Kafka, the API and {_EXECUTORS} executors run after {took}")
        code = await _Demonstration(terminal, reached, read_corpus(), extractor).run()
    terminal.say(
        f"Everything but the packages, from an empty folder to here: {duration(time.monotonic() - began)}"
    )
    return code


class _Demonstration:
    def __init__(
        self, terminal: Terminal, reached: Reached, corpus: Corpus, extractor: str
    ) -> None:
        assert reached.stack is not None
        self._terminal = terminal
        self._sterna = reached.sterna
        self._executors = reached.stack.executors
        self._corpus = corpus
        self._extractor = extractor

    async def run(self) -> ExitCode:
        terminal, sterna = self._terminal, self._sterna
        source = await self._make()
        before = await self._measure("before, hashing@v1")
        config = self._config(source)
        terminal.heading("What a migration would meet, without making anything")
        validation = await sterna.namespace_migrations.validate(config)
        show_validation(terminal, validation)
        if not validation.valid:
            return ExitCode.FAILED
        terminal.heading(f"Re-extraction from hashing@v1 to {self._extractor}@v1")
        done, has_killed = await self._migrate(config)
        if done.status != "completed":
            terminal.say(f"  {done.status}: {done.error_message}", "bold red")
            return ExitCode.FAILED
        report = show_report(terminal, done, RETRIEVER)
        terminal.heading(f"The alias {ALIAS} leads to the new namespace")
        after = await self._measure(f"after, {self._extractor}@v1")
        show_examples(terminal, self._corpus, before, after)
        verdict = Verdict(source, done, report)
        verdict.judge_kill(has_killed=has_killed)
        verdict.judge_quality(before, after, self._corpus.queries)
        await self._switch(verdict, before, after)
        return verdict.say(terminal)

    async def _make(self) -> str:
        terminal, began = self._terminal, time.monotonic()
        terminal.heading("A namespace of meanings")
        source, sent = await make_namespace(self._sterna, self._corpus)
        await self._sterna.namespaces.point(ALIAS, source)
        terminal.say(
            f"  {count(sent.accepted)} documents uploaded and embedded by hashing@v1 in"
            f" {duration(time.monotonic() - began)}; the alias {ALIAS} leads there"
        )
        return source

    def _config(self, source: str) -> dict[str, Any]:
        queries = [
            {
                "query_id": each.id,
                "query_input": each.text,
                "relevant_documents": list(each.relevant),
                "relevance_scores": each.relevant,
            }
            for each in self._corpus.queries
        ]
        return {
            "migration_type": "re_extract",
            "source_namespace_id": source,
            "target_namespace_name": f"{NAME}-{self._extractor}",
            "feature_extractors": [{"feature_extractor_name": self._extractor, "version": "v1"}],
            "preserve_resource_ids": True,
            "batch_options": {"batch_size": 100, "max_workers": 8},
            "cluster_options": {"recompute_clusters": True},
            "taxonomy_options": {"re_run_enrichment": True},
            "benchmark_options": {
                "gate": "fail",
                "queries": queries,
                "retriever_ids": [RETRIEVER],
            },
        }

    async def _measure(self, name: str) -> Quality:
        queries, began = self._corpus.queries, time.monotonic()
        found = await ask(self._sterna, ALIAS, queries)
        self._terminal.say(
            f"  {name}: nDCG@10 {found.ndcg(queries):.3f} over {len(queries)} questions asked"
            f" through the alias in {duration(time.monotonic() - began)}"
        )
        return found

    async def _migrate(self, config: dict[str, Any]) -> tuple[NamespaceMigration, bool]:
        migrations, began = self._sterna.namespace_migrations, time.monotonic()
        made = await migrations.create(config)
        self._terminal.say(f"  migration {made.migration_id}")
        await migrations.start(made.migration_id, force=True)
        watch = Watch(self._sterna, self._terminal, self._executors)
        done = await watch.until_over(made.migration_id)
        self._terminal.say(f"  {done.status} after {duration(time.monotonic() - began)}")
        return done, watch.has_killed

    async def _switch(self, verdict: Verdict, before: Quality, after: Quality) -> None:
        """Lead the alias back and forth, each with one call, and ask the same questions again."""
        queries = self._corpus.queries[:_AGAIN]
        led = await self._sterna.namespaces.alias(ALIAS)
        verdict.judge_alias(led)
        for name, namespace_id, known in (
            ("back", verdict.source, before),
            ("forth", verdict.target, after),
        ):
            led = await self._sterna.namespaces.point(ALIAS, namespace_id)
            again = await ask(self._sterna, ALIAS, queries)
            same = verdict.judge_switch(name, led, again, known)
            self._terminal.say(
                f"  switched {name} in one call: {len(queries)} questions have"
                f" {'the same answers as there before' if same else 'OTHER ANSWERS than there before'}"
            )
