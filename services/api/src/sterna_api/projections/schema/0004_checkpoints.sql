-- Checkpoints of runs, and what is kept of migrations that were deleted.

create table checkpoints (
  org_id text not null,
  migration_id text not null,
  checkpoint_id text not null,
  event_offset bigint not null,
  at timestamptz not null,
  kind text not null,
  phase text not null,
  reason text,
  records_completed bigint not null,
  size_bytes bigint not null,
  primary key (org_id, migration_id, checkpoint_id)
);
create index checkpoints_by_age on checkpoints (org_id, migration_id, event_offset);

create table deleted_migrations (
  org_id text not null,
  migration_id text not null,
  at timestamptz not null,
  keep_logs boolean not null,
  progress_percent integer not null,
  document json,
  primary key (org_id, migration_id)
);
comment on column deleted_migrations.document is
  'The migration as it was when it was deleted, where its figures are kept.';
