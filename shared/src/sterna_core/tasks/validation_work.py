"""What an executor can be asked to validate. Nothing of it writes."""

from msgspec import Struct

from sterna_core.migration.plan import Selection
from sterna_core.migration.validation_options import Query, Rule, StatisticalOptions
from sterna_core.tasks.table import TableSpec


class Validation(Struct, frozen=True, kw_only=True, tag_field="type"):
    """One part of a kind of validation; the subclasses are the kinds."""


class ValidateStructure(Validation, frozen=True, kw_only=True, tag="work.validate_structure.v1"):
    """Compare the target's catalog with the approved plan.

    Unless `whole`, without what comes after the proof of the rows: foreign keys, triggers, rules
    and policies.
    """

    selection: Selection
    structure_digest: str
    whole: bool


class ValidateStatistics(Validation, frozen=True, kw_only=True, tag="work.validate_statistics.v1"):
    """Compare the figures of tables' columns on both sides.

    What is set aside under the snapshot of `generation` is left out of the source's; 0 is for
    where nothing is.
    """

    tables: tuple[TableSpec, ...]
    options: StatisticalOptions
    snapshot_id: str
    generation: int = 0


class ValidateReferences(Validation, frozen=True, kw_only=True, tag="work.validate_references.v1"):
    """Count the rows of the target's tables whose foreign keys refer to nothing."""

    selection: Selection
    tables: tuple[TableSpec, ...]


class ValidateRules(Validation, frozen=True, kw_only=True, tag="work.validate_rules.v1"):
    """Count the rows of the target that break rules."""

    rules: tuple[Rule, ...]


class ValidateQuery(Validation, frozen=True, kw_only=True, tag="work.validate_query.v1"):
    """Run a query on both sides and compare the results."""

    query: Query
    snapshot_id: str


AnyValidation = (
    ValidateStructure | ValidateStatistics | ValidateReferences | ValidateRules | ValidateQuery
)
