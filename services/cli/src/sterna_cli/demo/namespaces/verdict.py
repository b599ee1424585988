from collections.abc import Sequence
from typing import Any

from sterna_cli.client.namespace_migrations import NamespaceMigration
from sterna_cli.client.namespaces import Alias
from sterna_cli.console.terminal import Terminal
from sterna_cli.demo.glosses import Query
from sterna_cli.demo.namespaces.quality import Quality
from sterna_cli.exit_code import ExitCode


class Verdict:
    """Whether everything is true that the demonstration is to show; collects what is not."""

    def __init__(
        self, source: str, migration: NamespaceMigration, benchmark: dict[str, Any] | None
    ) -> None:
        self.source = source
        self.target = migration.target_namespace_id
        self.wrong: list[str] = []
        """What is not as it should be."""
        told = migration.additional_data
        compared = sum(
            int(each.get("documents_compared", 0)) for each in told.get("figures", {}).values()
        )
        self.moved = int(told["documents_moved"])
        if compared != self.moved or told["documents_set_aside"]:
            self.wrong.append(f"only {compared} of {self.moved} documents were compared")
        if benchmark is None or benchmark["verdict"] != "passed":
            self.wrong.append("the benchmark's gate was not passed")

    def judge_kill(self, *, has_killed: bool) -> None:
        """Hold against it that nobody was killed."""
        if not has_killed:
            self.wrong.append("the migration was over before an executor was killed")

    def judge_quality(self, before: Quality, after: Quality, queries: Sequence[Query]) -> None:
        """Hold the answers of the new namespace against those of the old one."""
        if before.namespace_ids != {self.source} or after.namespace_ids != {self.target}:
            self.wrong.append("the alias led elsewhere while it was asked")
        if after.ndcg(queries) <= before.ndcg(queries):
            self.wrong.append("the new namespace finds no more than the old one")

    def judge_alias(self, led: Alias) -> None:
        """Tell whether the migration has switched the alias."""
        if (led.namespace_id, led.previous_namespace_id) != (self.target, self.source):
            self.wrong.append("the alias was not switched by the migration")

    def judge_switch(self, name: str, led: Alias, again: Quality, known: Quality) -> bool:
        """Tell whether the alias leads where it was led to, by the answers; notes it if not."""
        wanted = self.source if name == "back" else self.target
        same = (
            led.namespace_id == wanted
            and again.namespace_ids == {wanted}
            and all(known.found[query] == found for query, found in again.found.items())
        )
        if not same:
            self.wrong.append(f"after switching {name} other answers came")
        return same

    def say(self, terminal: Terminal) -> ExitCode:
        """Say it, and give the exit code."""
        terminal.say()
        if self.wrong:
            terminal.say(f"NOT everything is as it should be: {'; '.join(self.wrong)}", "bold red")
            return ExitCode.FAILED
        terminal.say(
            f"All {self.moved:,} documents were compared with what they should be, although an"
            " executor was killed half-way, and the new namespace finds more.",
            "bold green",
        )
        return ExitCode.OK
