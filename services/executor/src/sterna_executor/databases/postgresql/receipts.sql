-- name: claim
-- Says that this transaction does the work; no row where it is done already. Waits for another
-- transaction that is doing it.
insert into _sterna.receipts (migration_id, task_id, kind, table_id, chunk, generation)
values ($1, $2, $3, $4, $5, $6)
on conflict do nothing
returning true

-- name: settle
-- Adds the figures of the work to its receipt, in the transaction that claimed it.
update _sterna.receipts
set rows = $3, bytes = $4, result = $5::text::jsonb, at = pg_catalog.clock_timestamp()
where migration_id = $1 and task_id = $2

-- name: find
-- The receipt of a task, or the one of the same chunk that another task brought.
select r.rows, r.bytes, r.result::text as result, r.generation
from _sterna.receipts as r
where r.migration_id = $1
and (r.task_id = $2 or (r.kind = 'copy_chunk' and r.kind = $3 and r.table_id = $4 and r.chunk = $5))
limit 1

-- name: count
-- How many receipts a migration has.
select count(*) from _sterna.receipts where migration_id = $1

-- name: forget_earlier
-- Removes the receipts of earlier passes over a table, in a transaction that holds a later one to be
-- at hand: whoever comes late with one of these is refused by that.
delete from _sterna.receipts
where migration_id = $1 and table_id = $2 and generation < $3
and kind in ('scan_range', 'compare_table', 'repair_table', 'copy_changes')

-- name: mark
-- Leaves a mark of a transaction within another one: its rows carry its own number, as this does.
insert into _sterna.receipts (migration_id, task_id, kind, table_id, chunk)
values ($1, pg_catalog.gen_random_uuid()::text, 'savepoint', $2, $3)
