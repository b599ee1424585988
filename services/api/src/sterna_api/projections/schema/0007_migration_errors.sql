create table migration_errors (
  org_id text not null,
  migration_id text not null,
  error_id text not null,
  status text not null check (status in ('open', 'escalated', 'resolved', 'recovered')),
  class text not null,
  code text not null,
  message text not null,
  table_id text,
  task_id text,
  column_name text,
  constraint_name text,
  sqlstate text,
  chunk bigint,
  rows bigint not null,
  rows_left bigint not null,
  addresses text[] not null,
  attempts integer not null,
  occurred_at timestamptz not null,
  updated_at timestamptz not null,
  resolution text,
  reason text,
  resolved_by text,
  resolved_at timestamptz,
  primary key (org_id, migration_id, error_id)
);
create index migration_errors_by_time on migration_errors (org_id, migration_id, occurred_at desc, error_id);
comment on table migration_errors is
  'Failures of tasks and rows that were refused: what became of each. Nothing of their contents.';
