-- name: columns
-- The types of a relation's columns: a domain's is the type that it is made of, down to the first
-- that is no domain, with the modifier that applies. Nondeterministic collations need no mention:
-- everything is compared byte by byte.
with recursive resolved as (
    select a.attname, a.atttypid as type_id, a.atttypmod as modifier
    from pg_catalog.pg_attribute as a
    where a.attrelid = $1::text::pg_catalog.regclass and a.attnum > 0 and not a.attisdropped
    union all
    select r.attname, t.typbasetype, case when t.typtypmod = -1 then r.modifier else t.typtypmod end
    from resolved as r
    inner join pg_catalog.pg_type as t on t.oid = r.type_id
    where t.typtype = 'd'
)
select
    r.attname as name,
    t.typname as type,
    t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace as builtin,
    pg_catalog.format_type(r.type_id, r.modifier) as declared
from resolved as r
inner join pg_catalog.pg_type as t on t.oid = r.type_id
where t.typtype <> 'd'
