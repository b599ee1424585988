-- name: parts
-- What the schemas $1 are made of, without the tables $2 and what belongs to an extension: one row
-- a part, with its address, what is the same on every version of the server, and its definition.
with member as (
    select d.classid, d.objid from pg_catalog.pg_depend d
    where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype = 'e'
),
relation as (
    select c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relispartition,
        c.relrowsecurity, c.relforcerowsecurity
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1::text[])
        and c.relpersistence <> 't'
        and c.oid <> all ($2::oid[])
        and not exists (select from member m
            where m.classid = 'pg_catalog.pg_class'::regclass and m.objid = c.oid)
)
select 'pg_catalog.pg_class'::regclass::oid as classid, r.oid as objid, 'table' as kind,
    r.nspname as schema, r.relname as table_name, '' as name,
    r.relkind::text || r.relpersistence::text || r.relispartition || r.relrowsecurity
        || r.relforcerowsecurity as facts,
    coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), '')
        || case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) else '' end
        as definition
from relation r
join pg_catalog.pg_class c on c.oid = r.oid
where r.relkind in ('r', 'p', 'f')
union all
select 'pg_catalog.pg_class'::regclass, r.oid, 'column', r.nspname, r.relname, a.attname,
    a.attnotnull || a.attidentity::text || coalesce(to_jsonb(a) ->> 'attgenerated', ''),
    pg_catalog.format_type(a.atttypid, a.atttypmod) || ' '
        || coalesce(pg_catalog.pg_get_expr(f.adbin, f.adrelid), '')
from relation r
join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
where r.relkind in ('r', 'p', 'f')
union all
select 'pg_catalog.pg_class'::regclass, i.indexrelid, 'index', r.nspname, r.relname, x.relname,
    i.indisunique::text || i.indisprimary || i.indisvalid,
    pg_catalog.pg_get_indexdef(i.indexrelid)
from relation r
join pg_catalog.pg_index i on i.indrelid = r.oid
join pg_catalog.pg_class x on x.oid = i.indexrelid
where r.relkind in ('r', 'p', 'm')
union all
select 'pg_catalog.pg_constraint'::regclass, c.oid,
    case c.contype when 'f' then 'foreign key' else 'constraint' end,
    r.nspname, r.relname, c.conname,
    c.contype::text || c.convalidated || c.condeferrable || c.condeferred,
    pg_catalog.pg_get_constraintdef(c.oid)
from relation r
join pg_catalog.pg_constraint c on c.conrelid = r.oid
where c.contype in ('c', 'p', 'u', 'x', 'f') and c.conparentid = 0
union all
select 'pg_catalog.pg_trigger'::regclass, t.oid, 'trigger', r.nspname, r.relname, t.tgname,
    t.tgenabled::text, pg_catalog.pg_get_triggerdef(t.oid)
from relation r
join pg_catalog.pg_trigger t on t.tgrelid = r.oid
where not t.tgisinternal and coalesce(to_jsonb(t) ->> 'tgparentid', '0') = '0'
union all
select 'pg_catalog.pg_rewrite'::regclass, w.oid, 'rule', r.nspname, r.relname, w.rulename,
    w.ev_enabled::text, pg_catalog.pg_get_ruledef(w.oid)
from relation r
join pg_catalog.pg_rewrite w on w.ev_class = r.oid
where r.relkind in ('r', 'p')
union all
select 'pg_catalog.pg_policy'::regclass, p.oid, 'policy', r.nspname, r.relname, p.polname,
    p.polcmd::text || p.polpermissive,
    coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') || ' '
        || coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '')
from relation r
join pg_catalog.pg_policy p on p.polrelid = r.oid
union all
select 'pg_catalog.pg_class'::regclass, r.oid,
    case r.relkind when 'v' then 'view' else 'materialized view' end,
    r.nspname, r.relname, '', '', pg_catalog.pg_get_viewdef(r.oid)
from relation r
where r.relkind in ('v', 'm')
union all
select 'pg_catalog.pg_class'::regclass, r.oid, 'sequence', r.nspname, r.relname, '',
    pg_catalog.format_type(s.seqtypid, null) || ' ' || s.seqstart || ' ' || s.seqincrement || ' '
        || s.seqmin || ' ' || s.seqmax || ' ' || s.seqcache || ' ' || s.seqcycle, ''
from relation r
join pg_catalog.pg_sequence s on s.seqrelid = r.oid
union all
select 'pg_catalog.pg_proc'::regclass, p.oid, 'routine', n.nspname,
    p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', '',
    p.prokind::text || p.provolatile::text || p.prosecdef || p.proisstrict,
    case when p.prokind = 'a' then '' else pg_catalog.pg_get_functiondef(p.oid) end
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = any ($1::text[])
    and not exists (select from member m
        where m.classid = 'pg_catalog.pg_proc'::regclass and m.objid = p.oid)
union all
select 'pg_catalog.pg_type'::regclass, t.oid, 'type', n.nspname, t.typname, '',
    t.typtype::text || t.typnotnull || coalesce((
        select pg_catalog.string_agg(e.enumlabel, ',' order by e.enumsortorder)
        from pg_catalog.pg_enum e where e.enumtypid = t.oid), ''),
    pg_catalog.format_type(t.typbasetype, t.typtypmod) || ' ' || coalesce(t.typdefault, '')
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where n.nspname = any ($1::text[]) and t.typtype in ('e', 'd', 'r')
    and not exists (select from member m
        where m.classid = 'pg_catalog.pg_type'::regclass and m.objid = t.oid);
