-- name: tables
-- The tables among the objects $1; those that are partitioned have no rows of their own, and are
-- named since foreign keys are theirs.
select n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = any ($1::oid[]) and c.relkind in ('r', 'p')
order by n.nspname, c.relname;

-- name: attached
-- Partitions of the tables $1 that are not among them: somebody else attached them.
select pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, t.relid, 0) as name
from pg_catalog.pg_class c
cross join lateral pg_catalog.pg_partition_tree(c.oid) as t
where c.oid = any ($1::oid[]) and c.relkind = 'p' and t.relid <> all ($1::oid[])
order by 1;
