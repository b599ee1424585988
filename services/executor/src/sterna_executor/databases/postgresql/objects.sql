-- name: constraints
-- Keys and foreign keys, with what is needed to make them in two steps. Columns that older
-- servers lack are read through jsonb.
select c.oid, c.contype::text as type, c.conname as name, n.nspname as schema, t.relname as table,
    t.relkind::text as relkind, c.convalidated as validated,
    coalesce((pg_catalog.to_jsonb(c) ->> 'conenforced')::boolean, true) as enforced,
    coalesce((pg_catalog.to_jsonb(c) ->> 'conperiod')::boolean, false) as period,
    c.condeferrable as deferrable, c.condeferred as deferred,
    pg_catalog.pg_get_constraintdef(c.oid) as definition,
    case when c.contype in ('p', 'u') then pg_catalog.pg_get_indexdef(c.conindid) end as index,
    coalesce(i.indisclustered or i.indisreplident, false) as marked
from pg_catalog.pg_constraint c
join pg_catalog.pg_class t on t.oid = c.conrelid
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
left join pg_catalog.pg_index i on i.indexrelid = c.conindid
where c.oid = any ($1::oid[]) and c.contype in ('p', 'u', 'f');

-- name: indexed
-- The tables that indexes are on.
select i.indexrelid as oid, n.nspname as schema, t.relname as table, t.relkind::text as relkind
from pg_catalog.pg_index i
join pg_catalog.pg_class t on t.oid = i.indrelid
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
where i.indexrelid = any ($1::oid[]);
