-- name: is_there
-- Whether the target's bookkeeping has a place for parts.
select pg_catalog.to_regclass('_sterna.parts') is not null;

-- name: keep
-- Writes down what this transaction made for an object: whatever it gave dependencies to, but for
-- what is itself a part of something else and goes with that.
insert into _sterna.parts (migration_id, object_id, classid, objid)
select $1, $2, m.classid, m.objid
from (
    select distinct d.classid, d.objid
    from pg_catalog.pg_depend d
    where d.xmin = pg_catalog.pg_current_xact_id()::xid
        and d.deptype in ('n', 'a')
        and d.classid in (
            'pg_catalog.pg_class'::regclass, 'pg_catalog.pg_constraint'::regclass,
            'pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_rewrite'::regclass,
            'pg_catalog.pg_policy'::regclass, 'pg_catalog.pg_statistic_ext'::regclass,
            'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_event_trigger'::regclass
        )
) as m
where (
        not exists (
            select from pg_catalog.pg_depend p
            where p.classid = m.classid and p.objid = m.objid
                and p.deptype in ('i', 'P', 'S', 'e')
        )
        -- a view that was made without its query, and has it now
        or exists (
            select from pg_catalog.pg_rewrite r
            join _sterna.created l
                on l.classid = 'pg_catalog.pg_class'::regclass and l.objid = r.ev_class
            where m.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = m.objid
                and l.migration_id = $1
        )
    )
    and not exists (
        select from _sterna.parts k
        where k.migration_id = $1 and k.classid = m.classid and k.objid = m.objid
    )
    -- what came before the rows is only changed here
    and not exists (
        select from _sterna.created l
        where l.migration_id = $1 and l.classid = m.classid and l.objid = m.objid
    )
order by m.objid;

-- name: parts
-- The parts of the objects $2, the newest first.
select object_id, classid, objid
from _sterna.parts
where migration_id = $1 and object_id = any ($2::text[])
order by number desc;

-- name: is_kept
-- Whether an address is a part of an object of the migration.
select exists (
    select from _sterna.parts where migration_id = $1 and classid = $2 and objid = $3
);

-- name: broken
-- Objects of which a part is gone.
select distinct p.object_id
from _sterna.parts p
left join lateral pg_catalog.pg_identify_object(p.classid, p.objid, 0) as i on true
where p.migration_id = $1 and i.identity is null
    -- an index becomes a part of the constraint that is made of it
    and not exists (
        select from _sterna.parts later
        where later.migration_id = p.migration_id and later.object_id = p.object_id
            and later.number > p.number and p.classid = 'pg_catalog.pg_class'::regclass
            and later.classid = 'pg_catalog.pg_constraint'::regclass
            and exists (select from pg_catalog.pg_constraint c where c.oid = later.objid)
    );

-- name: forget_created
-- Takes what was part of the objects $2 out of the ledger.
delete from _sterna.created c
using _sterna.parts p
where p.migration_id = $1 and p.object_id = any ($2::text[])
    and c.migration_id = $1 and c.classid = p.classid and c.objid = p.objid;

-- name: forget
-- Forgets the parts of the objects $2.
delete from _sterna.parts where migration_id = $1 and object_id = any ($2::text[]);

-- name: undo_steps
-- Lets the objects $2 be built from their first step again.
update _sterna.objects set done = 0, created_at = null
where migration_id = $1 and object_id = any ($2::text[]) and done > 0;

-- name: objects_done
-- Those of the objects $2 of which something was done, and whether it is known what.
select o.kind, o.name,
    exists (
        select from _sterna.parts p
        where p.migration_id = o.migration_id and p.object_id = o.object_id
    ) as has_parts
from _sterna.objects o
where o.migration_id = $1 and o.object_id = any ($2::text[]) and o.done > 0;

-- name: row_security
-- The tables of the migration whose policies were switched on by one of the objects $2.
select distinct n.nspname as schema, c.relname as name
from _sterna.objects o
cross join lateral unnest(o.steps) as s (step)
cross join lateral pg_catalog.regexp_matches(
    s.step, '^ALTER TABLE (?:ONLY )?(.+) ENABLE ROW LEVEL SECURITY;$', 'gn'
) as m (found)
join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(m.found[1]) and c.relrowsecurity
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join _sterna.created l on l.classid = 'pg_catalog.pg_class'::regclass and l.objid = c.oid
where o.migration_id = $1 and o.object_id = any ($2::text[]) and o.done > 0
    and l.migration_id = $1;

-- name: attachments
-- What attached indexes to those of partitioned tables.
select object_id from _sterna.objects
where migration_id = $1 and kind = 'INDEX ATTACH' and done > 0;

-- name: root
-- What has to be dropped for $1 (catalog) and $2 (object) to go: where it is a part of an index or
-- a constraint of a partitioned table, the topmost of these. No row where it is gone. `inherited`
-- where a parent's constraint has to go first.
with recursive climb (classid, objid, level) as (
    select $1::oid, $2::oid, 0
    union all
    select u.classid, u.objid, c.level + 1
    from climb c
    cross join lateral (
        select 'pg_catalog.pg_class'::regclass::oid as classid, i.inhparent as objid
        from pg_catalog.pg_inherits i
        join pg_catalog.pg_class p on p.oid = i.inhparent and p.relkind = 'I'
        where c.classid = 'pg_catalog.pg_class'::regclass and i.inhrelid = c.objid
        union all
        select 'pg_catalog.pg_constraint'::regclass::oid, k.conparentid
        from pg_catalog.pg_constraint k
        where c.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = c.objid
            and k.conparentid <> 0
    ) as u
),
top (classid, objid) as (
    select classid, objid from climb order by level desc limit 1
),
root (classid, objid) as (
    select coalesce(k.classid, t.classid), coalesce(k.objid, t.objid)
    from top t
    left join lateral (
        select d.refclassid as classid, d.refobjid as objid
        from pg_catalog.pg_depend d
        where t.classid = 'pg_catalog.pg_class'::regclass
            and d.classid = t.classid and d.objid = t.objid and d.deptype = 'i'
            and d.refclassid = 'pg_catalog.pg_constraint'::regclass
        limit 1
    ) as k on true
)
select r.classid, r.objid, a.type, i.identity, a.object_names as names,
    coalesce((
        select k.coninhcount > 0 and k.conparentid = 0
        from pg_catalog.pg_constraint k
        where r.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = r.objid
    ), false) as inherited
from root r
cross join lateral pg_catalog.pg_identify_object(r.classid, r.objid, 0) as i
cross join lateral pg_catalog.pg_identify_object_as_address(r.classid, r.objid, 0) as a
where i.identity is not null;

-- name: queryless
-- The columns of the view whose query is the rule $1, without it.
select n.nspname as schema, c.relname as name,
    pg_catalog.string_agg(
        'null::' || pg_catalog.format_type(a.atttypid, a.atttypmod)
        || case when a.attcollation <> t.typcollation
            then pg_catalog.format(' collate %I.%I', cn.nspname, co.collname) else '' end
        || ' as ' || pg_catalog.quote_ident(a.attname),
        ', ' order by a.attnum
    ) as columns
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class and c.relkind = 'v'
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_collation co on co.oid = a.attcollation
left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
where r.oid = $1 and r.rulename = '_RETURN'
group by 1, 2;

-- name: identities_without_index
-- Tables that name their rows by an index that is gone: what they were before it was made.
select n.nspname as schema, c.relname as name
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join _sterna.created l on l.objid = c.oid and l.classid = 'pg_catalog.pg_class'::regclass
where l.migration_id = $1 and c.relkind in ('r', 'p') and c.relreplident = 'i'
    and not exists (
        select from pg_catalog.pg_index x where x.indrelid = c.oid and x.indisreplident
    );
