from collections.abc import Sequence
from statistics import median

from bench.clusters import Clusters, row_counts
from bench.competitor import Competitor, Figures
from bench.program import ToolFailed
from msgspec import Struct


class Standing(Struct, frozen=True, kw_only=True):
    """What one tool's rounds took; without rounds, `reason` says why."""

    name: str
    rounds: list[Figures]
    reason: str | None = None

    @property
    def median_seconds(self) -> float:
        """The median of the rounds."""
        return median(each.total_seconds for each in self.rounds)

    @property
    def spread_seconds(self) -> float:
        """The slowest round less the fastest."""
        times = [each.total_seconds for each in self.rounds]
        return max(times) - min(times)

    def part_seconds(self, part: str) -> float | None:
        """The median of one part, None where it is not known."""
        times = [each.parts_seconds[part] for each in self.rounds if part in each.parts_seconds]
        return median(times) if times else None

    def note(self, name: str) -> float | None:
        """The median of another figure, None where it is not known."""
        found = [each.notes[name] for each in self.rounds if name in each.notes]
        return median(found) if found else None


class Tournament:
    """Lets every tool move the same database, round after round, in alternating order."""

    def __init__(self, clusters: Clusters, competitors: Sequence[Competitor]) -> None:
        self._clusters = clusters
        self._competitors = competitors

    async def play(self, rounds: int) -> list[Standing]:
        """Give what each tool took. A tool that loses rows is out, like one that fails."""
        expected = await row_counts(self._clusters.source_url)
        figures: dict[str, list[Figures]] = {each.name: [] for each in self._competitors}
        out = {each.name: each.missing for each in self._competitors}
        for number in range(rounds):
            order = self._competitors if number % 2 == 0 else self._competitors[::-1]
            for competitor in order:
                if out[competitor.name] is not None:
                    continue
                print(f"round {number + 1} of {rounds}: {competitor.name} … ", end="", flush=True)
                try:
                    found = await self._run(competitor, expected)
                except ToolFailed as failure:
                    out[competitor.name] = f"failed: {failure}"
                    print("failed")
                    continue
                figures[competitor.name].append(found)
                print(f"{found.total_seconds:.2f} s")
        return [
            Standing(name=each.name, rounds=figures[each.name], reason=out[each.name])
            for each in self._competitors
        ]

    async def _run(self, competitor: Competitor, expected: dict[str, int]) -> Figures:
        target_url = await self._clusters.fresh_target("target")
        # The source is read once, so that nobody finds it colder than the others.
        await row_counts(self._clusters.source_url)
        figures = await competitor.run(self._clusters, target_url)
        arrived = await row_counts(target_url)
        # Some tools do not make a table that has no rows.
        if _filled(arrived) != _filled(expected):
            raise ToolFailed(f"rows are not the same: {arrived} where {expected} were expected")
        await self._clusters.drop_target("target")
        return figures


def _filled(counts: dict[str, int]) -> dict[str, int]:
    return {table: rows for table, rows in counts.items() if rows}
