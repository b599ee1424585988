-- name: left_out
-- Everything that cannot be without the tables $1 and what is in the schemas $2: what depends on
-- them, and what a dependent is an inseparable part of (a view, for its rule). Extensions and
-- what belongs to them are never left out.
with recursive left_out (classid, objid) as (
    select 'pg_catalog.pg_class'::regclass::oid, t.oid
    from pg_catalog.unnest($1::oid[]) as t (oid)
    union
    select 'pg_catalog.pg_namespace'::regclass::oid, n.oid
    from pg_catalog.pg_namespace n
    where n.nspname = any ($2::text[])
    union
    select step.classid, step.objid
    from left_out l
    cross join lateral (
        select d.classid, d.objid
        from pg_catalog.pg_depend d
        where d.refclassid = l.classid and d.refobjid = l.objid
            and d.deptype in ('n', 'a', 'i', 'P', 'S')
        union all
        select d.refclassid, d.refobjid
        from pg_catalog.pg_depend d
        where d.classid = l.classid and d.objid = l.objid and d.deptype = 'i'
    ) as step
    where step.classid <> 'pg_catalog.pg_extension'::regclass
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = step.classid and e.objid = step.objid and e.deptype = 'e'
        )
)
select classid, objid from left_out;
