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
