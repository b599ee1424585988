-- name: like_this
-- How the database of this connection was made, for another one like it.
select pg_catalog.pg_encoding_to_char(d.encoding) as encoding,
    d.datcollate as collate, d.datctype as ctype,
    coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') as provider,
    coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale')
        as locale
from pg_catalog.pg_database d
where d.datname = pg_catalog.current_database();

-- name: extensions
-- The extensions of the scratch database and where they are.
select x.extname as name, n.nspname as schema, x.extrelocatable as relocatable
from pg_catalog.pg_extension x
join pg_catalog.pg_namespace n on n.oid = x.extnamespace
where x.extname <> 'plpgsql';

-- name: schema_exists
-- Whether there is a schema of that name.
select exists (select from pg_catalog.pg_namespace where nspname = $1);

-- name: database_exists
-- Whether there is a database of that name.
select exists (select from pg_catalog.pg_database where datname = $1);

-- name: members
-- How many objects the schema $1 has; indexes and the like, which are of a table, are not counted.
select count(*)
from pg_catalog.pg_depend d
where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.deptype = 'n'
    and d.refobjid = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1);

-- name: movable
-- What is in the schema $1, by address; sequences of columns go with these.
select d.classid, d.objid
from pg_catalog.pg_depend d
where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.deptype = 'n'
    and d.refobjid = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1)
    and not exists (
        select from pg_catalog.pg_depend o
        join pg_catalog.pg_class c on c.oid = o.objid and c.relkind = 'S'
        where d.classid = 'pg_catalog.pg_class'::regclass and o.classid = d.classid
            and o.objid = d.objid and o.deptype in ('a', 'i')
            and o.refclassid = 'pg_catalog.pg_class'::regclass)
order by d.classid, d.objid;

-- name: identity
-- The object $1, $2 in the words of ALTER … SET SCHEMA; its types may have moved since it was found.
select case i.type when 'statistics object' then 'statistics' else i.type end as kind, i.identity
from pg_catalog.pg_identify_object($1, $2, 0) as i;
