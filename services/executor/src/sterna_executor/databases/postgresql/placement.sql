-- name: schemas
-- Which of the schemas $1 exist.
select n.nspname from pg_catalog.pg_namespace n where n.nspname = any ($1::text[]);

-- name: extensions
-- The extensions that the target has, or could have: `schema` is null where it is not installed.
select a.name, n.nspname as schema
from pg_catalog.pg_available_extensions a
left join pg_catalog.pg_extension x on x.extname = a.name
left join pg_catalog.pg_namespace n on n.oid = x.extnamespace
where a.name = any ($1::text[])
union
select x.extname, n.nspname
from pg_catalog.pg_extension x
join pg_catalog.pg_namespace n on n.oid = x.extnamespace
where x.extname = any ($1::text[]);

-- name: languages
-- The procedural languages that the target has.
select l.lanname from pg_catalog.pg_language l;

-- name: taken
-- Which of the names ($1 schemas, $2 names) relations or types of the target have already.
select distinct w.schema, w.name
from unnest($1::text[], $2::text[]) as w (schema, name)
join pg_catalog.pg_namespace n on n.nspname = w.schema
where exists (
        select from pg_catalog.pg_class c
        where c.relnamespace = n.oid and c.relname = w.name
    )
    or exists (
        select from pg_catalog.pg_type t
        where t.typnamespace = n.oid and t.typname = w.name and t.typelem = 0
    )
order by 1, 2;
