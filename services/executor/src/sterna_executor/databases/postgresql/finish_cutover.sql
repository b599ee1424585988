-- name: receipts
-- How many chunks have a receipt.
select count(*) from _sterna.receipts where migration_id = $1 and kind = 'copy_chunk';

-- name: materialized_views
-- The materialised views that the migration made, those that others read first.
select n.nspname as schema, c.relname as name
from _sterna.created l
join pg_catalog.pg_class c on c.oid = l.objid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where l.migration_id = $1 and l.classid = 'pg_catalog.pg_class'::regclass and c.relkind = 'm'
order by c.oid;

-- name: partitioned_tables
-- The partitioned tables that the migration made; with $2 also those that are partitions themselves.
select n.nspname as schema, c.relname as name
from _sterna.created l
join pg_catalog.pg_class c on c.oid = l.objid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where l.migration_id = $1 and l.classid = 'pg_catalog.pg_class'::regclass
    and c.relkind = 'p' and ($2 or not c.relispartition)
order by 1, 2;
