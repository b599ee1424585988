-- name: tables
-- The tables among the objects $1 that hold rows themselves.
select n.nspname as schema, c.relname as name
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = any ($1::oid[]) and c.relkind = 'r'
order by n.nspname, c.relname;
