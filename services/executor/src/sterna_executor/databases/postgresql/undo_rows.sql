-- name: rows_received
-- How many rows the receipts of a table tell of.
select coalesce(sum(rows), 0)::bigint
from _sterna.receipts
where migration_id = $1 and table_id = $2 and kind in ('copy_chunk', 'retry_rows');

-- name: is_referred_to
-- Whether a foreign key of another table refers to the table $1: then it cannot be truncated.
select exists (
    select from pg_catalog.pg_constraint
    where contype = 'f' and confrelid = $1::text::regclass and conrelid <> confrelid
);

-- name: has_strange_marks
-- Whether a savepoint left a mark that does not say of which table.
select exists (
    select from _sterna.receipts
    where migration_id = $1 and kind = 'savepoint' and table_id is null
);

-- name: transactions
-- The transactions that wrote rows of chunks of a table beyond $3, or among $4, or of none: each
-- left a receipt, which carries its number as the rows do. A number so old that another
-- transaction may have it again is left out.
select distinct r.xmin::text as xid
from _sterna.receipts r
where r.migration_id = $1 and r.table_id = $2
    and r.kind in ('copy_chunk', 'savepoint', 'repair_table', 'retry_rows', 'copy_changes')
    and (r.chunk >= $3 or r.chunk = any ($4::bigint[]) or r.chunk is null)
    and pg_catalog.age(r.xmin) between 0 and 2000000000;

-- name: forget_receipts
-- Removes the receipts of these chunks, and those of comparisons and repairs of the table.
delete from _sterna.receipts
where migration_id = $1 and table_id = $2 and kind <> 'undo_rows'
    and (chunk >= $3 or chunk = any ($4::bigint[]) or chunk is null);

-- name: forget_set_aside
-- Removes what was set aside of these chunks.
delete from _sterna.set_aside
where migration_id = $1 and table_id = $2
    and (chunk >= $3 or chunk = any ($4::bigint[]) or chunk is null);

-- name: left
-- What the chunks that stay have.
select coalesce(sum(rows), 0)::bigint as rows, coalesce(sum(bytes), 0)::bigint as bytes
from _sterna.receipts
where migration_id = $1 and table_id = $2 and kind = 'copy_chunk';
