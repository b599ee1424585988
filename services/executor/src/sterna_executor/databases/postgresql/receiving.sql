-- name: tables
-- What stands in the way of writing rows into the tables $1: rights, row level security, triggers
-- of users (`always` are those that act whatever the session says), and sequences of columns.
select c.oid, n.nspname as schema, c.relname as name,
    pg_catalog.has_schema_privilege(n.oid, 'usage') as may_enter,
    array_remove(array[
        case when not pg_catalog.has_table_privilege(c.oid, 'select') then 'SELECT' end,
        case when not pg_catalog.has_table_privilege(c.oid, 'insert') then 'INSERT' end,
        case when not pg_catalog.has_table_privilege(c.oid, 'delete') then 'DELETE' end
    ], null) as lacking,
    pg_catalog.row_security_active(c.oid) as row_security,
    array(select t.tgname::text from pg_catalog.pg_trigger t
        where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled = 'O'
        order by 1) as triggers,
    array(select t.tgname::text from pg_catalog.pg_trigger t
        where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled in ('A', 'R')
        order by 1) as always
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = any ($1::oid[]);

-- name: may_be_quiet
-- Whether this role may put triggers and foreign keys at rest in its own transactions.
select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user;

-- name: may_be_quiet_since_15
-- The same where the right can be granted.
select pg_catalog.has_parameter_privilege('session_replication_role', 'SET');

-- name: addresses
-- The tables of $1 (schemas) and $2 (names) that there are.
select c.oid, q.schema, q.name
from unnest($1::text[], $2::text[]) as q (schema, name)
join pg_catalog.pg_namespace n on n.nspname = q.schema
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = q.name and c.relkind = 'r';

-- name: sequences
-- The sequences that number columns of the tables $1, with the column and the direction.
select quote_ident(sn.nspname) || '.' || quote_ident(s.relname) as sequence,
    n.nspname as schema, c.relname as table_name, a.attname as column, q.seqincrement > 0 as ascends
from pg_catalog.pg_depend d
join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
join pg_catalog.pg_sequence q on q.seqrelid = s.oid
join pg_catalog.pg_class c on c.oid = d.refobjid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
    and d.deptype in ('a', 'i') and d.refobjid = any ($1::oid[])
order by 1;

-- name: set_sequence
-- Puts a sequence to where it was.
select pg_catalog.setval($1::text::regclass, $2::bigint, $3::boolean);

-- name: references
-- The foreign keys of the tables $1, or with $2 those that refer to one of them, its partitioned
-- parents included: each once, whatever was made of it for partitions.
with recursive above (oid, start) as (
    select t.oid, t.oid from unnest($1::oid[]) as t (oid)
    union
    select i.inhparent, a.start from above a
    join pg_catalog.pg_inherits i on i.inhrelid = a.oid
    join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relispartition
),
below (top, oid) as (
    select distinct k.confrelid, k.confrelid from pg_catalog.pg_constraint k where k.contype = 'f'
    union
    select b.top, i.inhrelid from below b
    join pg_catalog.pg_inherits i on i.inhparent = b.oid
)
select k.conname as name, k.conrelid as child, n.nspname as child_schema, c.relname as child_table,
    rn.nspname as parent_schema, r.relname as parent_table,
    array(select a.attname::text from unnest(k.conkey) with ordinality as p (number, place)
        join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.number
        order by p.place) as columns,
    array(select a.attname::text from unnest(k.confkey) with ordinality as p (number, place)
        join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = p.number
        order by p.place) as referenced,
    array(select 'operator(' || quote_ident(m.nspname) || '.' || o.oprname || ')'
        from unnest(k.conpfeqop) with ordinality as p (oid, place)
        join pg_catalog.pg_operator o on o.oid = p.oid
        join pg_catalog.pg_namespace m on m.oid = o.oprnamespace
        order by p.place) as operators,
    k.confdeltype not in ('a', 'r') or k.confupdtype not in ('a', 'r') as acts,
    array(select b.oid from below b where b.top = k.confrelid) as parents
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class r on r.oid = k.confrelid
join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
where k.contype = 'f'
    and not exists (select from pg_catalog.pg_constraint p
        where p.oid = k.conparentid and p.conrelid = k.conrelid)
    and case when $2 then k.confrelid in (select a.oid from above a) and c.relkind <> 'p'
        else k.conrelid = any ($1::oid[]) end
order by 3, 4, 1;

-- name: transactions
-- The transactions that wrote rows for the migration: each left a receipt, which carries its number
-- as the rows do. A number so old that another transaction may have it again is left out.
select distinct r.xmin::text as xid
from _sterna.receipts r
where r.migration_id = $1 and pg_catalog.age(r.xmin) between 0 and 2000000000;
