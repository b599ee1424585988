-- name: tables
-- Every table that holds rows itself, with its name as it is written in SQL.
select format('%I.%I', n.nspname, c.relname) as name
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r'
  and n.nspname not in ('pg_catalog', 'information_schema', '_sterna')
  and n.nspname !~ '^pg_toast'
  and not exists (
    select from pg_depend d
    where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  )
order by 1;

-- name: table_content
-- Rows of a table, and two sums over the halves of the MD5 of each row's text: equal for the same
-- rows in whatever order, and unequal when a row is missing, twice or changed.
select
  count(*) as rows,
  coalesce(sum(('x' || left(digest, 16))::bit(64)::bigint), 0)::text as first_sum,
  coalesce(sum(('x' || right(digest, 16))::bit(64)::bigint), 0)::text as second_sum
from (select md5(t::text) as digest from only {table} t offset 0) rows;

-- name: object_counts
-- How many objects of each kind there are, without the system's, extensions' and partitions' own.
with own_schemas as (
  select oid from pg_namespace
  where nspname not in ('pg_catalog', 'information_schema', '_sterna') and nspname !~ '^pg_'
),
of_extensions as (
  select classid, objid from pg_depend where deptype = 'e'
),
objects as (
  select
    case c.relkind
      when 'r' then 'tables' when 'p' then 'partitioned tables' when 'v' then 'views'
      when 'm' then 'materialized views' when 'S' then 'sequences'
      when 'i' then 'indexes' when 'I' then 'partitioned indexes'
      when 'c' then 'composite types' when 'f' then 'foreign tables'
    end as kind, 'pg_class'::regclass as classid, c.oid
  from pg_class c where c.relnamespace in (select oid from own_schemas)
  union all
  select
    case k.contype
      when 'p' then 'primary keys' when 'u' then 'unique constraints'
      when 'f' then 'foreign keys' when 'c' then 'check constraints'
      when 'x' then 'exclusion constraints' when 'n' then 'not-null constraints'
      else 'other constraints'
    end, 'pg_constraint'::regclass, k.oid
  from pg_constraint k where k.connamespace in (select oid from own_schemas)
  union all
  select case t.typtype when 'e' then 'enums' when 'd' then 'domains' when 'r' then 'ranges' end,
    'pg_type'::regclass, t.oid
  from pg_type t
  where t.typnamespace in (select oid from own_schemas) and t.typtype in ('e', 'd', 'r')
  union all
  select 'functions', 'pg_proc'::regclass, p.oid
  from pg_proc p where p.pronamespace in (select oid from own_schemas)
  union all
  select 'triggers', 'pg_trigger'::regclass, g.oid
  from pg_trigger g join pg_class c on c.oid = g.tgrelid
  where not g.tgisinternal and c.relnamespace in (select oid from own_schemas)
  union all
  select 'policies', 'pg_policy'::regclass, y.oid
  from pg_policy y join pg_class c on c.oid = y.polrelid
  where c.relnamespace in (select oid from own_schemas)
  union all
  select 'extended statistics', 'pg_statistic_ext'::regclass, s.oid
  from pg_statistic_ext s where s.stxnamespace in (select oid from own_schemas)
)
select kind, count(*) as objects
from objects o
where kind is not null
  and not exists (select from of_extensions e where e.classid = o.classid and e.objid = o.oid)
group by kind
union all
select 'generated columns', count(*)
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace in (select oid from own_schemas) and a.attgenerated <> '' and not attisdropped
union all
select 'identity columns', count(*)
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace in (select oid from own_schemas) and a.attidentity <> '' and not attisdropped
union all
select 'column defaults', count(*)
from pg_attrdef d join pg_class c on c.oid = d.adrelid
where c.relnamespace in (select oid from own_schemas)
union all
select 'comments', count(*)
from pg_description d
where (d.classoid = 'pg_class'::regclass and exists (
    select from pg_class c where c.oid = d.objoid and c.relnamespace in (select oid from own_schemas)
  ))
  or (d.classoid = 'pg_proc'::regclass and exists (
    select from pg_proc p where p.oid = d.objoid and p.pronamespace in (select oid from own_schemas)
  ))
  or (d.classoid = 'pg_type'::regclass and exists (
    select from pg_type t where t.oid = d.objoid and t.typnamespace in (select oid from own_schemas)
  ))
  or (d.classoid = 'pg_constraint'::regclass and exists (
    select from pg_constraint k
    where k.oid = d.objoid and k.connamespace in (select oid from own_schemas)
  ))
order by 1;

-- name: doubtful
-- Constraints that are not validated and indexes that are not valid: there should be none.
select format('constraint %s of %s', conname, conrelid::regclass) as what
from pg_constraint where not convalidated
union all
select format('index %s', indexrelid::regclass) from pg_index where not indisvalid or not indisready
order by 1;

-- name: sequences
-- Where every sequence stands.
select format('%I.%I', schemaname, sequencename) as name, last_value
from pg_sequences where schemaname <> '_sterna' order by 1;
