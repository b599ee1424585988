"""Whether rows can travel in PostgreSQL's binary format, type by type."""

from collections.abc import Mapping

from sterna_core.migration.plan import CopyFormat
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_table import Table, TypeInfo
from sterna_executor.databases.postgresql.preflight_extension import ExtensionThere
from sterna_executor.databases.postgresql.preflight_server import Server

_HOLDS_ADDRESSES = frozenset(
    {
        "regclass", "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper",
        "regoperator", "regproc", "regprocedure", "regrole", "regtype", "aclitem", "regdatabase",
    }
)  # fmt: skip
"""Their binary form is an object's address, which is another on each server; text is a name."""

# An older server takes the binary form of what it does not know for another value; text fails.
_INFINITE_SINCE = {"interval": 17, "numeric": 14}


class FormatChooser:
    """Chooses the format of a table's COPY from the types of its columns."""

    def __init__(
        self,
        inventory: Inventory,
        extensions: Mapping[str, ExtensionThere],
        source: Server,
        target: Server,
    ) -> None:
        self._types = inventory.types
        self._newer_here = {
            name for name, since in _INFINITE_SINCE.items() if source.major >= since > target.major
        }
        self._same_version = {
            extension.name
            for extension in inventory.extensions
            if _version(extensions.get(extension.name)) == extension.version
        }

    def of_table(self, table: Table) -> CopyFormat:
        """Give `binary` where every column that is copied means the same bytes on both sides."""
        copied = (column for column in table.columns if column.generated is None)
        return "binary" if all(self.is_binary(column.type_oid) for column in copied) else "text"

    def is_binary(self, type_oid: int) -> bool:
        """Tell whether the binary form of a type means the same on both servers."""
        kind = self._types[type_oid]
        if kind.element is not None:
            # An array says which type its elements are of, by address.
            element = self._types[kind.element]
            return element.builtin and self.is_binary(element.oid)
        match kind.kind:
            case "domain":
                return kind.base is not None and self.is_binary(kind.base)
            case "enum":
                return True  # travels as its label
            case "composite":
                # A row says which types its fields are of, by address.
                return all(
                    self._types[part].builtin and self.is_binary(part) for part in kind.parts
                )
            case "range" | "multirange":
                return all(self.is_binary(part) for part in kind.parts)
            case "base":
                return self._is_binary_base(kind)
            case _:
                return False

    def _is_binary_base(self, kind: TypeInfo) -> bool:
        if not kind.binary or kind.name in _HOLDS_ADDRESSES or kind.name in self._newer_here:
            return False
        return kind.builtin or kind.extension in self._same_version


def _version(there: ExtensionThere | None) -> str | None:
    if there is None:
        return None
    return there.installed or there.offered
