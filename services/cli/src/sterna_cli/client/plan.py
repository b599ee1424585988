"""A plan as the API answers it."""

from msgspec import Struct, field

from sterna_core.clock import UtcDatetime


class ColumnName(Struct, frozen=True, kw_only=True):
    """One column of one side."""

    schema: str = ""
    table: str = ""
    column: str | None = ""

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}.{self.column}" if self.column else "nowhere"


class Mapping(Struct, frozen=True, kw_only=True):
    """Where one column goes; `confidence` is between 0 and 1."""

    id: str = ""
    source: ColumnName
    target: ColumnName
    transformation: str = ""
    confidence: float = 1.0
    status: str = "approved"
    evidence: str = ""


class Phase(Struct, frozen=True, kw_only=True):
    """One phase, in order."""

    name: str
    order: int = 0
    tables: tuple[str, ...] = ()
    parallel: bool = False
    estimated_duration_seconds: float = 0


class Risk(Struct, frozen=True, kw_only=True):
    """What may go wrong, and what helps."""

    severity: str = ""
    type: str = ""
    description: str = ""
    affected: tuple[str, ...] = ()
    mitigation: str = ""


class Summary(Struct, frozen=True, kw_only=True):
    """The plan in figures."""

    tables: int = 0
    columns: int = 0
    relationships: int = 0
    transformations: int = 0
    estimated_duration_seconds: float = 0
    estimated_records: int = 0


class Plan(Struct, frozen=True, kw_only=True):
    """What will be done, for a person to judge."""

    migration_id: str
    status: str
    generated_at: UtcDatetime | None = None
    summary: Summary = field(default_factory=Summary)
    mappings: tuple[Mapping, ...] = ()
    phases: tuple[Phase, ...] = ()
    risks: tuple[Risk, ...] = ()

    @property
    def waiting(self) -> tuple[Mapping, ...]:
        """The mappings that a person has to approve."""
        return tuple(mapping for mapping in self.mappings if mapping.status == "pending")
