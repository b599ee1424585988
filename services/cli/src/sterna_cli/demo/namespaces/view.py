"""Prints what the demonstration shows."""

from collections.abc import Callable
from typing import Any

from sterna_cli.client.namespace_migrations import Figure, NamespaceMigration, Validation
from sterna_cli.console.quantities import count, duration
from sterna_cli.console.terminal import Terminal
from sterna_cli.demo.glosses import Corpus
from sterna_cli.demo.namespaces.quality import Quality

_EXAMPLES = 4
_TEXT_CHARACTERS = 60


def show_validation(terminal: Terminal, validation: Validation) -> None:
    """Print what a look at the source has found."""
    resources = ", ".join(
        f"{number} {kind if number == 1 else _plural(kind)}"
        for kind, number in sorted(validation.estimated_resources.items())
    )
    terminal.say(f"  it can be done: {'yes' if validation.valid else 'NO'}; {resources}")
    for name, findings in (("error", validation.errors), ("warning", validation.warnings)):
        for each in findings:
            terminal.say(f"  {name}: {each.msg}")
    found = validation.estimates
    if found is None:
        return
    figures = [
        ("documents", count(found.documents.count) if found.documents else "unknown", ""),
        ("tokens to embed", *_figure(found.tokens, count)),
        ("cost in dollars", *_figure(found.cost_usd, "{:.2f}".format)),
        ("duration", *_figure(found.duration_seconds, duration)),
    ]
    terminal.rows(("estimate", "", "between"), figures)


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def _figure(figure: Figure | None, shown: Callable[[float], str]) -> tuple[str, str]:
    if figure is None:
        return "unknown", ""
    return shown(figure.value), f"{shown(figure.low)} and {shown(figure.high)}"


def show_report(
    terminal: Terminal, migration: NamespaceMigration, retriever_id: str
) -> dict[str, Any] | None:
    """Print what was compared and measured; gives the report of the benchmark."""
    told = migration.additional_data
    terminal.heading("What the migration has proven")
    figures: dict[str, dict[str, float]] = told.get("figures", {})
    rows = [
        (name, count(each["documents_compared"]))
        for name, each in sorted(figures.items())
        if each.get("documents_compared")
    ]
    terminal.rows(("collection", "documents compared"), rows, right=frozenset({1}))
    report: dict[str, Any] | None = told.get("benchmark", {}).get(retriever_id)
    if report is not None and report.get("difference"):
        between = report["difference"]
        terminal.say(
            f"  benchmark of {count(report['queries'])} judged queries: nDCG@{report['k']}"
            f" {between['mean']:+.3f}, with {report['confidence']:.0%} confidence between"
            f" {between['lower']:+.3f} and {between['upper']:+.3f}; the gate is {report['verdict']}"
        )
    return report


def show_examples(terminal: Terminal, corpus: Corpus, before: Quality, after: Quality) -> None:
    """Print some questions with the first answer before and after."""
    texts = {each.id: each.text for each in corpus.documents}

    def first(quality: Quality, query: str) -> str:
        found = quality.found[query]
        best = max(found, key=found.__getitem__, default=None)
        text = texts.get(best or "", "nothing")
        return text if len(text) <= _TEXT_CHARACTERS else text[: _TEXT_CHARACTERS - 1] + "…"

    asked = [each for each in corpus.queries if first(before, each.id) != first(after, each.id)]
    terminal.rows(
        ("question", "first answer before", "first answer after"),
        ((each.text, first(before, each.id), first(after, each.id)) for each in asked[:_EXAMPLES]),
    )
