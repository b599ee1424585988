-- name: forgotten
-- Whether the migration has anything here.
select not exists (select from _sterna.fence where migration_id = $1);

-- name: locked
-- The tables among the objects $1, to be locked before anything is looked at.
select n.nspname as schema, c.relname as name
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = any ($1::oid[]) and c.relkind in ('r', 'p')
order by c.oid;

-- name: strangers
-- What would have to go with what the migration made, and is not part of it: somebody else made
-- it. What only stands in a schema of the migration is not meant: such a schema is left.
with recursive ours (classid, objid) as (
    select l.classid, l.objid from _sterna.created l
    where l.migration_id = $1 and l.classid <> 'pg_catalog.pg_namespace'::regclass
    union
    select d.classid, d.objid
    from ours o
    join pg_catalog.pg_depend d on d.refclassid = o.classid and d.refobjid = o.objid
    where d.deptype = 'e'
        or d.deptype in ('a', 'i', 'P', 'S')
        -- a table that somebody attached to one of ours, or made its child, stays theirs
        and not (
            d.classid = 'pg_catalog.pg_class'::regclass
            and exists (
                select from pg_catalog.pg_class c
                where c.oid = d.objid and c.relkind in ('r', 'p', 'v', 'm', 'f')
            )
        )
)
select distinct pg_catalog.pg_describe_object(
        case when r.oid is null then d.classid else 'pg_catalog.pg_class'::regclass end,
        coalesce(r.ev_class, d.objid),
        case when r.oid is null then d.objsubid else 0 end
    ) as name
from ours o
join pg_catalog.pg_depend d on d.refclassid = o.classid and d.refobjid = o.objid
left join pg_catalog.pg_rewrite r
    on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
where d.deptype in ('n', 'a', 'i', 'P', 'S')
    and not exists (
        select from ours m where m.classid = d.classid and m.objid = d.objid
    )
order by 1;

-- name: present
-- What an address is called now; null where there is nothing.
select i.identity from pg_catalog.pg_identify_object($1, $2, 0) as i;

-- name: schema_contents
-- Whether anything is in a schema.
select exists (
    select from pg_catalog.pg_depend d
    where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = $1
);
