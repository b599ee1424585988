from typing import Any

from msgspec import Struct

from sterna_cli.database_url import DatabaseUrl


class MigrationRequest(Struct, frozen=True, kw_only=True):
    """What is to be moved, and how."""

    source: DatabaseUrl
    target: DatabaseUrl
    schemas: tuple[str, ...] = ()
    exclude_tables: tuple[str, ...] = ()
    target_schema: str | None = None
    mode: str = "full"
    parallelism: int | None = None
    batch_size: int | None = None
    auto_approve_above: float | None = None

    @property
    def name(self) -> str:
        """A name a person recognises."""
        return f"{self.source.database} to {self.target.host}/{self.target.database}"

    def body(self, source_id: str, target_id: str) -> dict[str, Any]:
        """Give the body that creates this migration; what is not set is left to the API."""
        source: dict[str, Any] = {"connection_id": source_id}
        target: dict[str, Any] = {"connection_id": target_id}
        options: dict[str, Any] = {"mode": self.mode}
        if self.schemas:
            source["schemas"] = self.schemas
        if self.exclude_tables:
            source["exclude_tables"] = self.exclude_tables
        if self.target_schema is not None:
            target["schema"] = self.target_schema
        for option in ("parallelism", "batch_size", "auto_approve_above"):
            if (value := getattr(self, option)) is not None:
                options[option] = value
        return {"name": self.name, "source": source, "target": target, "options": options}
