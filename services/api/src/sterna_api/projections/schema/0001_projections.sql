-- What GETs answer from. Everything here is folded from the log and can be built again.

create table projection_offsets (
  source text not null check (source in ('events', 'telemetry')),
  partition integer not null,
  next_offset bigint not null,
  term bigint not null,
  owner text not null,
  claimed_by text not null,
  primary key (source, partition)
);
comment on table projection_offsets is
  'How far each partition is projected; moved only together with what the records led to.';

create table quarantined (
  org_id text not null,
  aggregate_id text not null,
  partition integer not null,
  event_offset bigint not null,
  reason text not null,
  primary key (org_id, aggregate_id)
);
comment on table quarantined is 'What could not be read; later events of the same thing wait.';

create table connections (
  org_id text not null,
  connection_id text not null,
  name text not null,
  created_at timestamptz not null,
  document json not null,
  primary key (org_id, connection_id)
);
create index connections_by_age on connections (org_id, created_at desc, connection_id);

create table api_keys (
  digest text primary key,
  org_id text not null,
  api_key_id text not null,
  name text not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  unique (org_id, api_key_id)
);

create table migrations (
  org_id text not null,
  migration_id text not null,
  name text not null,
  status text not null,
  source_id text not null,
  target_id text not null,
  created_at timestamptz not null,
  started_at timestamptz,
  updated_at timestamptz not null,
  progress_percent integer not null,
  event_offset bigint not null,
  document json not null,
  primary key (org_id, migration_id)
);
comment on column migrations.event_offset is 'Offset of the last event that is in the document.';
create index migrations_by_age on migrations (org_id, created_at desc, migration_id);

create table plan_tables (
  org_id text not null,
  migration_id text not null,
  ordinal integer not null,
  table_id text not null,
  document json not null,
  primary key (org_id, migration_id, table_id)
);

create table log_lines (
  org_id text not null,
  migration_id text not null,
  source smallint not null check (source in (0, 1)),
  position bigint not null,
  place smallint not null,
  closes boolean not null,
  at timestamptz not null,
  level smallint,
  phase text,
  document json not null,
  primary key (org_id, migration_id, source, position, place)
);
comment on table log_lines is
  'Lines of a migration''s log: source 0 are told by events, 1 by telemetry. Progress has no level.';
create index log_lines_by_time on log_lines (org_id, migration_id, at) where level is not null;

create table webhooks (
  org_id text not null,
  webhook_id text not null,
  url text not null,
  events text[] not null,
  description text not null,
  sealed_secret text not null,
  created_at timestamptz not null,
  created_by text not null,
  disabled_at timestamptz,
  primary key (org_id, webhook_id)
);

create table notifications (
  org_id text not null,
  event_id text not null,
  type text not null,
  at timestamptz not null,
  body text not null,
  primary key (org_id, event_id)
);
create index notifications_by_time on notifications (org_id, at);

create table deliveries (
  org_id text not null,
  webhook_id text not null,
  event_id text not null,
  status text not null check (status in ('pending', 'delivered', 'failed', 'discarded')),
  attempts integer not null,
  due_at timestamptz not null,
  claimed_until timestamptz,
  last_status integer,
  last_reason text,
  last_attempt_at timestamptz,
  primary key (org_id, webhook_id, event_id)
);
comment on table deliveries is
  'The outbox. Only claimed_until is the sender''s own; the rest follows from events.';
create index deliveries_due on deliveries (due_at) where status = 'pending';
