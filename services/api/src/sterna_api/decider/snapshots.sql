-- name: create_positions
-- Where the snapshot of each partition of a journal ends.
create table if not exists journal_positions (
    topic         text   not null,
    partition     int    not null,
    next_offset   bigint not null,
    term          bigint not null,
    owner         text   not null,
    source_offset bigint not null,
    last_record   text   not null,
    schema        text   not null,
    saved_at      timestamptz not null default now(),
    primary key (topic, partition)
)

-- name: create_entries
-- The aggregates of each snapshot, all as of its partition's position.
create table if not exists journal_entries (
    topic        text  not null,
    partition    int   not null,
    org_id       text  not null,
    aggregate_id text  not null,
    body         bytea not null,
    primary key (topic, partition, org_id, aggregate_id)
)

-- name: load_position
-- The position of a partition's snapshot.
select next_offset, term, owner, source_offset, last_record, schema
from journal_positions
where topic = $1 and partition = $2

-- name: load_entries
-- The aggregates of a partition's snapshot.
select org_id, aggregate_id, body
from journal_entries
where topic = $1 and partition = $2

-- name: lock_partition
-- One snapshot of a partition is saved at a time, also the first.
select pg_advisory_xact_lock(hashtextextended('sterna snapshot ' || $1::text, $2::int))

-- name: delete_entries
-- Make room for a whole snapshot.
delete from journal_entries where topic = $1 and partition = $2

-- name: save_entries
-- Save aggregates that have changed.
insert into journal_entries (topic, partition, org_id, aggregate_id, body)
select $1, $2, changed.org_id, changed.aggregate_id, changed.body
from unnest($3::text[], $4::text[], $5::bytea[]) as changed (org_id, aggregate_id, body)
on conflict (topic, partition, org_id, aggregate_id) do update set body = excluded.body

-- name: save_position
-- Move a partition's snapshot on.
insert into journal_positions
    (topic, partition, next_offset, term, owner, source_offset, last_record, schema)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (topic, partition) do update set
    next_offset   = excluded.next_offset,
    term          = excluded.term,
    owner         = excluded.owner,
    source_offset = excluded.source_offset,
    last_record   = excluded.last_record,
    schema        = excluded.schema,
    saved_at      = now()
