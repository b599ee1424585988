"""When which executors are killed: drawn at random from a seed, so that a run can be repeated."""

import random
from typing import Any

from msgspec import Struct

from sterna_core.namespace_migration.progress import STAGES, MigrationStage

EXECUTORS = 2
_BOTH = 0.25
_AGAIN = 0.5
"""How often both executors are killed at once, and how often there is a second kill later."""

_LATEST = 0.7
"""Part of a stage after which it may be over already."""
_OPTIONS: dict[str, Any] = {
    "batch_options": {"batch_size": 10, "max_workers": 8},
    "benchmark_options": {"sample_size": 12},
    "retriever_options": {"migrate_execution_history": True, "migrate_interactions": True},
}
_ANEW: dict[str, Any] = {
    # Ids stay where labels are found anew: of documents that are as near the lesser id decides.
    "preserve_resource_ids": True,
    "taxonomy_options": {"re_run_enrichment": True},
    "cluster_options": {"recompute_clusters": True},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "copy_with_new_ids": {**_OPTIONS, "migration_type": "copy"},
    "copy_made_anew": {**_OPTIONS, **_ANEW, "migration_type": "copy"},
    "re_extract": {
        **_OPTIONS,
        **_ANEW,
        "migration_type": "re_extract",
        "feature_extractors": [
            {"feature_extractor_name": "wordllama", "parameters": {"dimension": 64}}
        ],
    },
}


class Kill(Struct, frozen=True):
    """Which executors are killed, and when: after a part of what a stage takes by itself."""

    stage: MigrationStage
    fraction: float
    victims: tuple[int, ...]


class Round(Struct, frozen=True):
    """One run that is disturbed."""

    number: int
    variant: str
    kills: tuple[Kill, ...]

    def __str__(self) -> str:
        return f"{self.number:02}-{self.variant}-{self.kills[0].stage}"


def rounds(seed: int, count: int) -> list[Round]:
    """Draw runs: their first kills go through the stages in turn."""
    chance = random.Random(seed)
    names = list(VARIANTS)
    return [
        Round(number, names[number % len(names)], _kills(chance, number % len(STAGES)))
        for number in range(count)
    ]


def _kills(chance: random.Random, first: int) -> tuple[Kill, ...]:
    places = [first]
    if chance.random() < _AGAIN:
        places.append(chance.randint(first, len(STAGES) - 1))
    return tuple(
        Kill(STAGES[place], round(chance.uniform(0.0, _LATEST), 3), _victims(chance))
        for place in places
    )


def _victims(chance: random.Random) -> tuple[int, ...]:
    if chance.random() < _BOTH:
        return tuple(range(EXECUTORS))
    return (chance.randrange(EXECUTORS),)
