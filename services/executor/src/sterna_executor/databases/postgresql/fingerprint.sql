-- name: objects
-- Everything that is not the system's and not ours, one row an object that is not part of another
-- one: its address, its kind and name, and a digest of what it is. What an object is made of
-- (columns, indexes, constraints, triggers, policies, rules, comments) is in its digest.
with own as (
    select oid from pg_catalog.pg_namespace
    where nspname = '_sterna' or nspname ~ '^pg_' or nspname = 'information_schema'
),
part as (
    select a.attrelid as relid, 'column ' || a.attnum || ' ' || a.attname || ' '
        || pg_catalog.format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' '
        || a.attidentity::text || a.attgenerated::text || ' ' || a.attcollation || ' '
        || coalesce(pg_catalog.pg_get_expr(f.adbin, f.adrelid), '') as text
    from pg_catalog.pg_attribute a
    left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped and a.attrelid >= 16384
    union all
    select i.indrelid, 'index ' || pg_catalog.pg_get_indexdef(i.indexrelid) || i.indisvalid
        || i.indisclustered || i.indisreplident
    from pg_catalog.pg_index i
    where i.indrelid >= 16384
    union all
    select c.conrelid, 'constraint ' || c.conname || ' '
        || pg_catalog.pg_get_constraintdef(c.oid) || c.convalidated
    from pg_catalog.pg_constraint c
    where c.conrelid >= 16384
    union all
    select t.tgrelid, 'trigger ' || t.tgenabled::text || ' ' || pg_catalog.pg_get_triggerdef(t.oid)
    from pg_catalog.pg_trigger t
    where not t.tgisinternal and t.tgrelid >= 16384
    union all
    select r.ev_class, 'rule ' || r.ev_enabled::text || ' ' || pg_catalog.pg_get_ruledef(r.oid)
    from pg_catalog.pg_rewrite r
    where r.ev_class >= 16384
    union all
    select p.polrelid, 'policy ' || p.polname || ' ' || p.polcmd::text || p.polpermissive::text || ' '
        || coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') || ' '
        || coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '')
    from pg_catalog.pg_policy p
    union all
    select i.inhrelid, 'inherits ' || i.inhparent::regclass || ' ' || i.inhseqno
    from pg_catalog.pg_inherits i
    union all
    select s.stxrelid, 'statistics ' || pg_catalog.pg_get_statisticsobjdef(s.oid)
    from pg_catalog.pg_statistic_ext s
),
whole as (
    select relid, pg_catalog.string_agg(text, E'\n' order by text collate "C") as text
    from part
    group by relid
),
object (classid, objid, text) as (
    select 'pg_catalog.pg_class'::regclass::oid, c.oid,
        c.relkind::text || c.relpersistence::text || ' ' || c.relrowsecurity || c.relforcerowsecurity || ' '
        || c.relreplident::text || ' ' || coalesce(c.reloptions::text, '') || ' '
        || coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), '') || ' '
        || coalesce(w.text, '')
    from pg_catalog.pg_class c
    left join whole w on w.relid = c.oid
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
        and c.relpersistence <> 't' and c.relnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_type'::regclass, t.oid,
        t.typtype::text || ' ' || t.typnotnull || ' ' || coalesce(t.typdefault, '') || ' '
        || pg_catalog.format_type(t.typbasetype, t.typtypmod) || ' '
        || coalesce((select pg_catalog.string_agg(e.enumlabel, ',' order by e.enumsortorder)
            from pg_catalog.pg_enum e where e.enumtypid = t.oid), '') || ' '
        || coalesce(w.text, '') || ' '
        || coalesce((select pg_catalog.string_agg(
                c.conname || pg_catalog.pg_get_constraintdef(c.oid), ',' order by c.conname)
            from pg_catalog.pg_constraint c where c.contypid = t.oid), '')
    from pg_catalog.pg_type t
    left join whole w on w.relid = t.typrelid and t.typtype = 'c'
    where t.typnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_proc'::regclass, p.oid,
        case when p.prokind = 'a' then '' else pg_catalog.pg_get_functiondef(p.oid) end
    from pg_catalog.pg_proc p
    where p.pronamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_operator'::regclass, o.oid, o.oprcode::text || ' ' || o.oprcom || ' '
        || o.oprnegate
    from pg_catalog.pg_operator o
    where o.oprnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_opfamily'::regclass, oid, '' from pg_catalog.pg_opfamily
    where opfnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_opclass'::regclass, oid, opcdefault::text from pg_catalog.pg_opclass
    where opcnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_collation'::regclass, oid, collprovider::text || ' ' || collisdeterministic
    from pg_catalog.pg_collation
    where collnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_conversion'::regclass, oid, '' from pg_catalog.pg_conversion
    where connamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_ts_config'::regclass, oid, '' from pg_catalog.pg_ts_config
    where cfgnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_ts_dict'::regclass, oid, coalesce(dictinitoption, '')
    from pg_catalog.pg_ts_dict
    where dictnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_ts_parser'::regclass, oid, '' from pg_catalog.pg_ts_parser
    where prsnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_ts_template'::regclass, oid, '' from pg_catalog.pg_ts_template
    where tmplnamespace not in (select oid from own)
    union all
    select 'pg_catalog.pg_cast'::regclass, oid, castcontext::text || castmethod::text
    from pg_catalog.pg_cast where oid >= 16384
    union all
    select 'pg_catalog.pg_transform'::regclass, oid, '' from pg_catalog.pg_transform
    where oid >= 16384
    union all
    select 'pg_catalog.pg_language'::regclass, oid, lanpltrusted::text
    from pg_catalog.pg_language where oid >= 16384
    union all
    select 'pg_catalog.pg_am'::regclass, oid, amtype::text from pg_catalog.pg_am
    where oid >= 16384
    union all
    select 'pg_catalog.pg_foreign_data_wrapper'::regclass, oid, coalesce(fdwoptions::text, '')
    from pg_catalog.pg_foreign_data_wrapper where oid >= 16384
    union all
    select 'pg_catalog.pg_foreign_server'::regclass, oid, ''
    from pg_catalog.pg_foreign_server where oid >= 16384
    union all
    select 'pg_catalog.pg_event_trigger'::regclass, oid, evtevent || ' ' || evtenabled::text
    from pg_catalog.pg_event_trigger
    union all
    select 'pg_catalog.pg_extension'::regclass, oid, extversion
    from pg_catalog.pg_extension
    union all
    select 'pg_catalog.pg_namespace'::regclass, oid, '' from pg_catalog.pg_namespace
    where oid not in (select oid from own)
    union all
    select 'pg_catalog.pg_publication'::regclass, p.oid, p.puballtables::text || ' ' || coalesce(
            (select pg_catalog.string_agg(r.prrelid::regclass::text, ',' order by r.prrelid)
                from pg_catalog.pg_publication_rel r where r.prpubid = p.oid), '')
    from pg_catalog.pg_publication p
)
select o.classid, o.objid, i.type as kind, i.identity,
    pg_catalog.sha256(pg_catalog.convert_to(o.text || ' ' || coalesce(
        (select pg_catalog.string_agg(d.objsubid || d.description, E'\n' order by d.objsubid)
            from pg_catalog.pg_description d
            where d.classoid = o.classid and d.objoid = o.objid), ''), 'UTF8')) as digest
from object o
cross join lateral pg_catalog.pg_identify_object(o.classid, o.objid, 0) as i
where not exists (
    select from pg_catalog.pg_depend d
    where d.classid = o.classid and d.objid = o.objid
        and d.deptype in ('e', 'i')
        -- a partitioned table is a part of its own key's columns
        and (d.refclassid, d.refobjid) <> (d.classid, d.objid)
);

-- name: tables
-- The tables with rows that are not the system's and not ours, as far as they can be read, the
-- smallest first.
select n.nspname as schema, c.relname as name, c.relpages as pages,
    pg_catalog.pg_relation_size(c.oid) as bytes
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't'
    and n.nspname <> '_sterna' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and pg_catalog.has_table_privilege(c.oid, 'select')
    and not pg_catalog.row_security_active(c.oid)
order by 4, 1, 2;
