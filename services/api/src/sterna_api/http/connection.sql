-- name: server
-- What a server is, and what the role that entered may do there.
select current_setting('server_version') as version,
  current_setting('server_version_num')::int as version_number,
  current_setting('server_encoding') as encoding,
  coalesce((select s.ssl from pg_stat_ssl s where s.pid = pg_backend_pid()), false) as encrypted,
  pg_is_in_recovery() as in_recovery,
  r.rolsuper as superuser,
  r.rolreplication as replication,
  has_database_privilege(current_database(), 'create') as create_schema,
  has_database_privilege(current_database(), 'temporary') as temporary,
  -- The roles that stand for all data have been there since PostgreSQL 14.
  exists (select from pg_roles a where a.rolname = 'pg_read_all_data'
          and pg_has_role(current_user, a.oid, 'member')) as read_all_data,
  exists (select from pg_roles a where a.rolname = 'pg_write_all_data'
          and pg_has_role(current_user, a.oid, 'member')) as write_all_data
from pg_roles r where r.rolname = current_user;

-- name: readable_tables
-- How many tables there are in these schemas (in all, where none is named), and may be read.
select count(*)::int as tables,
  count(*) filter (
    where has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
  )::int as readable
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relpersistence <> 't'
  and n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and n.nspname <> '_sterna'
  and (cardinality($1::text[]) = 0 or n.nspname = any ($1));

-- name: tables
-- A page of tables, by schema and name, with the planner's estimate of their rows.
select c.oid, n.nspname::text as schema, c.relname::text as name,
  case c.relkind when 'p' then 'partitioned' when 'f' then 'foreign' else 'table' end as kind,
  case when c.reltuples >= 0 then c.reltuples::bigint end as estimated_rows,
  case when c.relkind = 'r' then pg_table_size(c.oid) end as bytes
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  and n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and n.nspname <> '_sterna'
  and (cardinality($1::text[]) = 0 or n.nspname = any ($1))
order by n.nspname, c.relname limit $2 offset $3;

-- name: tables_count
-- How many tables there are.
select count(*)::int
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
  and n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and n.nspname <> '_sterna'
  and (cardinality($1::text[]) = 0 or n.nspname = any ($1));

-- name: columns
-- The columns of these tables, in their order.
select a.attrelid as oid, a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type,
  not a.attnotnull as nullable,
  exists (select from pg_index i where i.indrelid = a.attrelid and i.indisprimary
          and a.attnum = any (i.indkey)) as primary_key
from pg_attribute a
where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum;
