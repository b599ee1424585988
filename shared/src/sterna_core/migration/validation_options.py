"""What is validated beside every row's contents, and what follows where something fails."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Kind = Literal["structural", "statistical", "referential", "semantic", "behavioral", "content"]
KINDS: tuple[Kind, ...] = (
    "structural",
    "statistical",
    "referential",
    "semantic",
    "behavioral",
    "content",
)
"""In the order in which they are begun."""

SKIPPABLE: tuple[Kind, ...] = ("statistical", "referential", "semantic", "behavioral")
OnFailure = Literal["fail_immediately", "flag_and_continue"]
Fidelity = Literal["exact", "semantic", "business"]
Label = Annotated[str, Meta(min_length=1, max_length=100)]
Sql = Annotated[str, Meta(min_length=1, max_length=10_000)]


class KindOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a kind is wanted, and what follows where it fails."""

    enabled: bool = True
    on_failure: OnFailure = "fail_immediately"


class StatisticalOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures of each column on both sides; without them, rows are counted only.

    `null_rate_tolerance` is the largest difference of the shares of nulls, `numeric_epsilon` that
    of averages and `distinct_tolerance` that of the estimates of distinct values, both relative.
    `distribution_similarity` is the least that 1 less the distance of Kolmogorov and Smirnov may be.
    """

    enabled: bool = False
    on_failure: OnFailure = "fail_immediately"
    null_rate_tolerance: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.001
    numeric_epsilon: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0001
    distinct_tolerance: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.05
    distribution_similarity: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.95


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A condition that every row of a table of the target keeps; null keeps it, as in a CHECK.

    `table` is `schema.table` of the target.
    """

    name: Label
    table: Annotated[str, Meta(min_length=3, max_length=200)]
    expression: Sql


class SemanticOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules of the domain."""

    enabled: bool = True
    on_failure: OnFailure = "fail_immediately"
    rules: Annotated[tuple[Rule, ...], Meta(max_length=200)] = ()


class Query(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query that gives the same on both sides; `target` where it is written otherwise there.

    `semantic` compares rows whatever their order, `exact` in the order that the query says, and
    `business` what the rows come to: how many, the sum of each column of numbers, within 0.0001 of
    it, and all other columns as `semantic` does.
    """

    name: Label
    query: Sql
    target_query: Sql | None = None
    fidelity: Fidelity = "semantic"


class BehavioralOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Queries of applications."""

    enabled: bool = True
    on_failure: OnFailure = "fail_immediately"
    queries: Annotated[tuple[Query, ...], Meta(max_length=100)] = ()


class ValidationOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wanted of each kind; every row's contents are compared in any case."""

    structural: KindOptions = KindOptions()
    statistical: StatisticalOptions = StatisticalOptions()
    referential: KindOptions = KindOptions()
    semantic: SemanticOptions = SemanticOptions()
    behavioral: BehavioralOptions = BehavioralOptions()

    def is_wanted(self, kind: Kind) -> bool:
        """Tell whether there is anything to do for a kind."""
        match kind:
            case "content":
                return True
            case "semantic":
                return self.semantic.enabled and bool(self.semantic.rules)
            case "behavioral":
                return self.behavioral.enabled and bool(self.behavioral.queries)
            case _:
                wanted: bool = getattr(self, kind).enabled
                return wanted

    def on_failure(self, kind: Kind) -> OnFailure:
        """Say what follows where a kind fails."""
        if kind == "content":
            return "fail_immediately"
        found: OnFailure = getattr(self, kind).on_failure
        return found
