"""What became of every run, for the report at the end."""

from collections import Counter

from msgspec import Struct, field

from sterna_core.namespace_migration.progress import STAGES, MigrationStage


class Entry(Struct):
    """One run: where its kills came, how long it took, and whether its target is the same."""

    name: str
    hits: list[MigrationStage | None]
    seconds: float
    identical: bool = False


class Ledger(Struct):
    """All runs so far, and how long the undisturbed ones took."""

    entries: list[Entry] = field(default_factory=list)
    undisturbed: dict[str, float] = field(default_factory=dict)

    def hits(self) -> Counter[MigrationStage | None]:
        """Count the kills by the stage in which they came."""
        return Counter(hit for each in self.entries for hit in each.hits)

    def lines(self) -> list[str]:
        """Say all of it."""
        hits = self.hits()
        where = ", ".join(f"{name} {hits[name]}" for name in STAGES)
        same = sum(each.identical for each in self.entries)
        slowest = max((each.seconds for each in self.entries), default=0.0)
        alone = ", ".join(f"{name} {took:.1f} s" for name, took in self.undisturbed.items())
        return [
            f"{len(self.entries)} runs, {hits.total()} SIGKILLs to executors",
            f"kills by stage: {where}; between or after stages {hits[None]}",
            f"targets the same as of an undisturbed run, byte for byte: {same}",
            f"undisturbed: {alone}; the slowest disturbed run {slowest:.1f} s",
        ]
