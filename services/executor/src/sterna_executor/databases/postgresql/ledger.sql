-- name: created_now
-- What this transaction made, by address: every object that is not part of another one. Objects
-- of a catalog have its oid as their class; a row that was only changed is told apart by the
-- caller, who knows what was there before. The extensions $1 were made in a transaction within
-- this one, which leaves another number.
with made (classid, objid) as (
    select 'pg_catalog.pg_class'::regclass::oid, c.oid
    from pg_catalog.pg_class c
    where c.xmin = pg_catalog.pg_current_xact_id()::xid
        and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    union all
    select 'pg_catalog.pg_type'::regclass, oid from pg_catalog.pg_type
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_proc'::regclass, oid from pg_catalog.pg_proc
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_operator'::regclass, oid from pg_catalog.pg_operator
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_opfamily'::regclass, oid from pg_catalog.pg_opfamily
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_opclass'::regclass, oid from pg_catalog.pg_opclass
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_collation'::regclass, oid from pg_catalog.pg_collation
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_conversion'::regclass, oid from pg_catalog.pg_conversion
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_cast'::regclass, oid from pg_catalog.pg_cast
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_transform'::regclass, oid from pg_catalog.pg_transform
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_language'::regclass, oid from pg_catalog.pg_language
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_am'::regclass, oid from pg_catalog.pg_am
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_ts_config'::regclass, oid from pg_catalog.pg_ts_config
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_ts_dict'::regclass, oid from pg_catalog.pg_ts_dict
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_ts_parser'::regclass, oid from pg_catalog.pg_ts_parser
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_ts_template'::regclass, oid from pg_catalog.pg_ts_template
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_foreign_data_wrapper'::regclass, oid
    from pg_catalog.pg_foreign_data_wrapper
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_foreign_server'::regclass, oid from pg_catalog.pg_foreign_server
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_event_trigger'::regclass, oid from pg_catalog.pg_event_trigger
    where xmin = pg_catalog.pg_current_xact_id()::xid
    union all
    select 'pg_catalog.pg_extension'::regclass, oid from pg_catalog.pg_extension
    where xmin = pg_catalog.pg_current_xact_id()::xid or extname = any ($1::text[])
    union all
    select 'pg_catalog.pg_namespace'::regclass, oid from pg_catalog.pg_namespace
    where xmin = pg_catalog.pg_current_xact_id()::xid
)
select m.classid, m.objid, i.type as kind, i.identity
from made m
cross join lateral pg_catalog.pg_identify_object(m.classid, m.objid, 0) as i
where coalesce(i.schema, i.identity) <> '_sterna'
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = m.classid and d.objid = m.objid and d.deptype in ('e', 'i')
            -- a partitioned table is a part of its own key's columns
            and (d.refclassid, d.refobjid) <> (d.classid, d.objid)
    );

-- name: created
-- The ledger of one migration: addresses, what they were called, what they are called now (null
-- where the object is gone), and whether the migration removed them.
select c.classid, c.objid, c.kind, c.identity, i.identity as present, c.removed
from _sterna.created c
left join lateral pg_catalog.pg_identify_object(c.classid, c.objid, 0) as i on true
where c.migration_id = $1
order by c.objid desc;

-- name: objects
-- What is to be created after the rows, in order.
select object_id, wave, kind, schema, name, table_id
from _sterna.objects
where migration_id = $1
order by position;

-- name: object
-- One object and how far it is.
select kind, name, steps, done
from _sterna.objects
where migration_id = $1 and object_id = $2;

-- name: step_done
-- One more step of an object is done; written in the transaction that did it.
update _sterna.objects
set done = $3, created_at = case when $3 = pg_catalog.cardinality(steps)
    then pg_catalog.clock_timestamp() end
where migration_id = $1 and object_id = $2 and done = $3 - 1;

-- name: part
-- One part of what is remembered of the target as it was.
select body from _sterna.fingerprints where migration_id = $1 and part = $2;

-- name: set_removed
-- Writes down which of the addresses ($2 classes, $3 objects) were removed.
update _sterna.created c set removed = true
from unnest($2::oid[], $3::oid[]) as r (classid, objid)
where c.migration_id = $1 and c.classid = r.classid and c.objid = r.objid;
