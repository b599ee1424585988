-- name: foreign_keys
-- The foreign keys of the tables $1 (schemas) and $2 (names), with what they refer to: those that a
-- partition has from its parent included, those that stand for one partition of what is referred to
-- left out. The operators are those that the server itself compares with.
select n.nspname as schema, r.relname as table_name, c.conname as name,
    fn.nspname as referenced_schema, f.relname as referenced_table,
    f.relkind = 'p' as referenced_is_partitioned,
    c.convalidated as validated, c.confmatchtype::text = 'f' as match_full,
    array(
        select a.attname::text from unnest(c.conkey) with ordinality k (number, place)
        join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number
        order by k.place
    ) as columns,
    array(
        select a.attname::text from unnest(c.confkey) with ordinality k (number, place)
        join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.number
        order by k.place
    ) as referenced_columns,
    array(
        select pg_catalog.format('operator(%I.%s)', m.nspname, o.oprname)
        from unnest(c.conpfeqop) with ordinality k (operator, place)
        join pg_catalog.pg_operator o on o.oid = k.operator
        join pg_catalog.pg_namespace m on m.oid = o.oprnamespace
        order by k.place
    ) as operators
from pg_catalog.pg_constraint c
join pg_catalog.pg_class r on r.oid = c.conrelid
join pg_catalog.pg_namespace n on n.oid = r.relnamespace
join pg_catalog.pg_class f on f.oid = c.confrelid
join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
where c.contype = 'f'
    and (n.nspname, r.relname) in (select * from unnest($1::text[], $2::text[]))
    and not exists (
        select from pg_catalog.pg_constraint p
        where p.oid = c.conparentid and p.conrelid = c.conrelid
    )
order by 1, 2, 3;

-- name: is_there
-- Whether a relation is there.
select pg_catalog.to_regclass($1) is not null;
