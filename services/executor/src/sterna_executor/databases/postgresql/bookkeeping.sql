-- name: lock
-- One creator or remover of the bookkeeping at a time, whatever the migration.
select pg_catalog.pg_advisory_xact_lock(x'53746572'::int, x'6e61'::int)

-- name: schema_mark
-- The comment on the schema, by which it is known as ours; no row where there is no such schema.
select coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '') as mark
from pg_catalog.pg_namespace as n
where n.nspname = '_sterna'

-- name: create_schema
-- The schema that holds all bookkeeping on a target.
create schema _sterna

-- name: mark_schema
-- Says whose the schema is, and of which layout.
comment on schema _sterna is 'Sterna bookkeeping, layout 1'

-- name: create_fence
-- One row for a migration: work of a lower epoch writes nothing.
create table if not exists _sterna.fence (
    migration_id text primary key,
    epoch bigint not null
)

-- name: create_receipts
-- What was done: written in the transaction that did it, so that it is done once. A chunk has one
-- receipt, whichever task brought it.
create table if not exists _sterna.receipts (
    migration_id text not null,
    task_id text not null,
    kind text not null,
    table_id text,
    chunk bigint,
    generation bigint,
    rows bigint,
    bytes bigint,
    result jsonb,
    at timestamptz not null default pg_catalog.clock_timestamp(),
    primary key (migration_id, task_id)
)

-- name: create_receipts_chunk
-- A chunk is copied once, even where it was dispatched again as another task.
create unique index if not exists receipts_chunk on _sterna.receipts (migration_id, table_id, chunk)
where kind = 'copy_chunk'

-- name: create_bucket_sums
-- The sums of one range of one side of a comparison: element i of each array is one bucket.
create table if not exists _sterna.bucket_sums (
    migration_id text not null,
    table_id text not null,
    pass_number bigint not null,
    side text not null,
    range_number bigint not null,
    generation bigint not null,
    bucket_bits int not null,
    buckets int[] not null,
    counts bigint[] not null,
    sums numeric[] not null,
    primary key (migration_id, table_id, pass_number, side, range_number)
)

-- name: keep_bucket_sums_plain
-- Sums of hashes do not compress; trying costs more than writing them.
alter table _sterna.bucket_sums
alter column buckets set storage external,
alter column counts set storage external,
alter column sums set storage external

-- name: create_passes
-- Which comparison of a table is at hand; repairs of an earlier one are refused.
create table if not exists _sterna.passes (
    migration_id text not null,
    table_id text not null,
    pass_number bigint not null,
    primary key (migration_id, table_id)
)

-- name: create_objects
-- What is to be created after the rows: each step is a transaction, and `done` of them are.
create table if not exists _sterna.objects (
    migration_id text not null,
    object_id text not null,
    wave text not null,
    position bigint not null,
    kind text not null,
    schema text not null,
    name text not null,
    table_id text,
    steps text[] not null,
    done int not null default 0,
    created_at timestamptz,
    primary key (migration_id, object_id)
)

-- name: create_created
-- The ledger: every object that the migration made on the target, by its address in the catalogs.
-- What is part of another (an index, a constraint, a trigger) comes and goes with it.
create table if not exists _sterna.created (
    migration_id text not null,
    classid oid not null,
    objid oid not null,
    kind text not null,
    identity text not null,
    removed boolean not null default false,
    primary key (migration_id, classid, objid)
)

-- name: create_parts
-- What was made of each object that comes after the rows, in order, by address in the catalogs.
create table if not exists _sterna.parts (
    migration_id text not null,
    number bigint generated always as identity,
    object_id text not null,
    classid oid not null,
    objid oid not null,
    primary key (migration_id, number)
)

-- name: create_fingerprints
-- What the target held before anything was created, in parts.
create table if not exists _sterna.fingerprints (
    migration_id text not null,
    part text not null,
    body text not null,
    primary key (migration_id, part)
)

-- name: create_set_aside
-- Rows of the source that the target refused: where they lie, why, and what they hold. `body` is
-- null where the source could not give the row, or it is very large.
create table if not exists _sterna.set_aside (
    migration_id text not null,
    table_id text not null,
    generation bigint not null,
    address tid not null,
    chunk bigint,
    error_id text not null,
    class text not null,
    sqlstate text not null,
    column_name text,
    constraint_name text,
    identity text,
    key text,
    body text,
    at timestamptz not null default pg_catalog.clock_timestamp(),
    arrived_place bigint,
    arrived_hash bigint,
    replaced_column text,
    primary key (migration_id, table_id, generation, address)
)

-- name: extend_set_aside
-- What a version before this one has not: the hashes of a row that is in the target all the same,
-- with another value in one column.
alter table _sterna.set_aside
add column if not exists arrived_place bigint,
add column if not exists arrived_hash bigint,
add column if not exists replaced_column text

-- name: forget_set_aside
-- Removes what is kept of one migration: the rows set aside.
delete from _sterna.set_aside where migration_id = $1

-- name: forget_fence
-- Removes what is kept of one migration: its fence.
delete from _sterna.fence where migration_id = $1

-- name: forget_receipts
-- Removes what is kept of one migration: its receipts.
delete from _sterna.receipts where migration_id = $1

-- name: forget_bucket_sums
-- Removes what is kept of one migration: its sums.
delete from _sterna.bucket_sums where migration_id = $1

-- name: forget_passes
-- Removes what is kept of one migration: its comparisons.
delete from _sterna.passes where migration_id = $1

-- name: forget_objects
-- Removes what is kept of one migration: its objects.
delete from _sterna.objects where migration_id = $1

-- name: forget_created
-- Removes what is kept of one migration: its ledger.
delete from _sterna.created where migration_id = $1

-- name: forget_parts
-- Removes what is kept of one migration: what was made of its objects.
delete from _sterna.parts where migration_id = $1

-- name: forget_fingerprints
-- Removes what is kept of one migration: its fingerprint.
delete from _sterna.fingerprints where migration_id = $1

-- name: is_used
-- Whether any migration still has a fence here.
select exists (select from _sterna.fence)

-- name: drop_tables
-- Removes the bookkeeping's tables; whoever still reads them is waited for.
drop table _sterna.set_aside, _sterna.fingerprints, _sterna.created, _sterna.parts, _sterna.objects, _sterna.bucket_sums, _sterna.passes, _sterna.receipts,
_sterna.fence

-- name: drop_schema
-- Removes the schema; fails where somebody put something else into it.
drop schema _sterna restrict
