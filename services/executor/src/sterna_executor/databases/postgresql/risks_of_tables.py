from collections.abc import Iterator

from sterna_core.migration.plan import Risk
from sterna_executor.databases.postgresql.inventory import Inventory
from sterna_executor.databases.postgresql.inventory_table import Table, TypeInfo
from sterna_executor.databases.postgresql.risk import counted, risk

_WITHOUT_HASH = frozenset(
    {
        "json", "xml", "jsonpath", "point", "line", "lseg", "box", "path", "polygon", "circle",
        "tsvector", "tsquery", "bit", "varbit", "money", "pg_snapshot", "txid_snapshot",
    }
)  # fmt: skip
_MOVED_AS_ROWS = {"heap"}


def table_risks(inventory: Inventory) -> Iterator[Risk]:
    """Tell what is special about tables."""
    tables = inventory.with_rows
    yield from _keys(tables)
    yield from _hashes(inventory)
    yield from _kinds(inventory)
    yield from _storage(tables)
    if not tables:
        yield risk(
            "medium",
            "nothing_selected",
            "no table with rows is selected: only definitions are moved",
            inventory.schemas,
            "check source.schemas and source.exclude_tables",
        )
    if inventory.unused_patterns:
        yield risk(
            "low",
            "pattern_matches_nothing",
            "patterns of exclude_tables stand for no table of the selected schemas",
            inventory.unused_patterns,
            "check their spelling: case counts, and * and ? are the only wildcards",
        )


def _keys(tables: tuple[Table, ...]) -> Iterator[Risk]:
    without = [table.id for table in tables if not table.key]
    if without:
        yield risk(
            "medium",
            "no_key",
            f"{counted(len(without), 'table')} without a primary key or a unique index on columns"
            " without nulls: rows are compared whole, as a multiset, and where some differ all"
            " rows of their bucket are copied again",
            without,
            "none is needed; a primary key makes repairs smaller",
        )


def _hashes(inventory: Inventory) -> Iterator[Risk]:
    columns = [
        f"{table.id}.{column.name}"
        for table in inventory.with_rows
        for column in table.columns
        if _lacks_hash(inventory, inventory.types[column.type_oid])
    ]
    if columns:
        yield risk(
            "low",
            "no_hash",
            f"{counted(len(columns), 'column')} of types without a hash function (json, xml and"
            " the like): compared by their text, which is slower",
            columns,
            "none is needed",
        )


def _lacks_hash(inventory: Inventory, kind: TypeInfo) -> bool:
    if kind.element is not None:
        return _lacks_hash(inventory, inventory.types[kind.element])
    if kind.base is not None:
        return _lacks_hash(inventory, inventory.types[kind.base])
    if kind.parts:
        return any(_lacks_hash(inventory, inventory.types[part]) for part in kind.parts)
    return kind.builtin and kind.name in _WITHOUT_HASH


def _kinds(inventory: Inventory) -> Iterator[Risk]:
    foreign = [table.id for table in inventory.of_kind("foreign")]
    if foreign:
        yield risk(
            "medium",
            "foreign_table",
            f"{counted(len(foreign), 'foreign table')}: the definition is moved and the rows stay"
            " where they are; passwords of user mappings are not moved",
            foreign,
            "make sure that the target reaches the foreign servers, and set the user mappings",
        )
    heirs = [table.id for table in inventory.tables if table.inherits]
    if heirs:
        yield risk(
            "low",
            "inheritance",
            f"{counted(len(heirs), 'table')} that inherit from others: each table's own rows are"
            " moved and compared apart",
            heirs,
            "none is needed",
        )
    excluded = set(inventory.excluded_names)
    lost = [
        table.id
        for table in inventory.excluded
        if table.parent is not None and table.parent not in excluded
    ]
    if lost:
        yield risk(
            "high",
            "partition_left_out",
            f"{counted(len(lost), 'partition')} of tables that are moved are left out by"
            " exclude_tables: their rows are missing in the target, and rows for them are refused",
            lost,
            "leave the pattern out, or exclude the whole partitioned table",
        )
    secured = [table.id for table in inventory.tables if table.row_security]
    if secured:
        yield risk(
            "low",
            "row_security",
            f"{counted(len(secured), 'table')} with row level security: policies are created after"
            " the rows, and the roles they name have to be on the target",
            secured,
            "create the roles on the target before the cutover",
        )


def _storage(tables: tuple[Table, ...]) -> Iterator[Risk]:
    unlogged = [table.id for table in tables if table.persistence == "unlogged"]
    if unlogged:
        yield risk(
            "low",
            "unlogged",
            f"{counted(len(unlogged), 'unlogged table')}: empty after a crash of the target, also"
            " when that is in the middle of the migration (the comparison finds it)",
            unlogged,
            "ALTER TABLE … SET LOGGED on the source, or accept it",
        )
    elsewhere = [table.id for table in tables if table.tablespace is not None]
    if elsewhere:
        yield risk(
            "low",
            "tablespace",
            f"{counted(len(elsewhere), 'table')} in tablespaces of their own: created in the"
            " target's default tablespace",
            elsewhere,
            "ALTER TABLE … SET TABLESPACE on the target afterwards",
        )
    methods = [
        f"{table.id} ({table.access_method})"
        for table in tables
        if table.access_method not in {None, *_MOVED_AS_ROWS}
    ]
    if methods:
        yield risk(
            "medium",
            "access_method",
            f"{counted(len(methods), 'table')} with a storage of their own: how their rows are"
            " divided into ranges was never tried",
            methods,
            "try the migration on a copy first",
        )
